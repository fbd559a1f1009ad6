# What a service manager does, without systemd: runs a command, again whenever it has ended with 0, until it is told to stop itself.
#
#     perl serviceManager.pl PATH NOTIFY COMMAND...
#
# PATH, unless it is "-": a socket that listens there, which the command has as descriptor 3. NOTIFY, unless it is "-": a socket where
# the command tells how it is; of each message a JSON line goes to standard output. SIGTERM and SIGHUP are passed on.
use strict;
use warnings;
use POSIX ();
use Socket;

my ($path, $notify, @command) = @ARGV;

# Descriptors up to this one are left open for the command: the socket, and not that of the messages.
$^F = 255;
my $server;
if ($path ne '-') {
    socket($server, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
    bind($server, sockaddr_un($path)) or die "$path: $!";
    listen($server, 4096) or die "listen: $!";
}
$^F = 2;
my $messages;
if ($notify ne '-') {
    socket($messages, PF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
    bind($messages, sockaddr_un($notify)) or die "$notify: $!";
}

my ($child, $stop) = (0, 0);
$SIG{TERM} = sub { $stop = 1; kill 'TERM', $child };
$SIG{HUP} = sub { kill 'HUP', $child };
$SIG{CHLD} = sub { };

sub start {
    $child = fork() // die "fork: $!";
    return if $child;
    $SIG{$_} = 'DEFAULT' for qw(TERM HUP CHLD);
    if ($server) {
        POSIX::dup2(fileno($server), 3) // die "dup2: $!";
        @ENV{'LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES'} = (1, $$, 'kahets.socket');
    }
    $ENV{NOTIFY_SOCKET} = $notify if $messages;
    $ENV{WATCHDOG_PID} = $$ if $ENV{WATCHDOG_USEC};
    exec(@command) or POSIX::_exit(127);
}

sub say_what {
    my ($text) = @_;
    $text =~ s/([\\"])/\\$1/g;
    $text =~ s/\n/\\n/g;
    syswrite(STDOUT, qq({"msg":"notice","text":"$text"}\n));
}

start();
while (1) {
    my $ready = '';
    vec($ready, fileno($messages), 1) = 1 if $messages;
    # A signal between the look at the child and here is seen after this time.
    if (select($ready, undef, undef, 0.05) > 0) {
        recv($messages, my $text, 65536, 0);
        say_what($text);
    }
    if (waitpid($child, POSIX::WNOHANG()) == $child) {
        my $code = $? >> 8 || $? & 127;
        POSIX::_exit($code) if $stop || $code;
        start();
    }
}
