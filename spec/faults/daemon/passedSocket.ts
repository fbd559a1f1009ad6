import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kill } from 'node:process';
import { openClient } from '../../support/client';
import { launchDaemon } from '../../support/daemon';
import { numberedFrame } from '../../support/numbered';
import { skippedBecause, type FaultCase, type FaultContext, type FaultResult } from '../faultCase';
import { lastLedger, ledgerFaults } from '../ledger';
import { find, together } from '../oracle';
import { until } from '../watch';
import { childrenOf } from './support/children';
import { BUCKET, COPY, expectWithin, MAIN, oneBucket, toFiles } from './support/scene';

const RESTARTS = 100;
const CLIENTS = 4;
const PATIENCE_MS = 20_000;

/**
 * Listens at its first argument, and runs the rest as a service manager does: with the socket as descriptor 3, again whenever it
 * has ended, until it is told to stop itself.
 */
const PARENT = `
use Socket; use POSIX ();
my ($path, @command) = @ARGV;
$^F = 255;
socket(my $server, PF_UNIX, SOCK_STREAM, 0) or die; bind($server, sockaddr_un($path)) or die; listen($server, 4096) or die;
my ($child, $stop) = (0, 0);
$SIG{TERM} = sub { $stop = 1; kill "TERM", $child };
until ($stop) {
  $child = fork();
  if ($child == 0) {
    $SIG{TERM} = "DEFAULT";
    POSIX::dup2(fileno($server), 3);
    @ENV{"LISTEN_FDS", "LISTEN_PID"} = (1, $$);
    exec(@command) or POSIX::_exit(127);
  }
  1 until waitpid($child, 0) == $child;
  $stop = 1 if $? >> 8;
}
POSIX::_exit($? >> 8);
`;

const hasPerl = (): boolean => spawnSync('perl', ['-e', '1']).status === 0;

const run = async (context: FaultContext): Promise<FaultResult> => {
  if (!hasPerl()) return skippedBecause('needs perl');
  const parent = path.join(context.folder, 'parent.pl');
  const socket = path.join(context.folder, 'kahets.sock');
  await writeFile(parent, PARENT);
  const manager = await launchDaemon({
    folder: context.folder,
    buckets: oneBucket({ copy: toFiles(COPY) }),
    command: ['perl', parent, socket, process.execPath, MAIN, 'start'],
  });
  const listens = (): number => manager.lines.filter(({ msg }) => msg === 'listening').length;
  const first = await Promise.race([manager.ended, manager.waitForLog(({ msg }) => msg === 'listening')]);
  if ('output' in first) return skippedBecause('this version does not take a socket that is passed to it (LISTEN_FDS)');

  let next = 0;
  let stopping = false;
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!stopping) {
      const client = await openClient(socket);
      client.socket.end(numberedFrame(BUCKET, next++));
      await client.closed;
    }
  });
  for (let restart = 0; restart < RESTARTS; restart += 1) {
    const before = listens();
    for (const pid of childrenOf(manager.pid)) kill(pid, 'SIGTERM');
    expectWithin(await until(() => listens() > before, PATIENCE_MS), `restart ${restart}`);
  }
  stopping = true;
  await Promise.all(clients);
  const ended = await manager.stop();
  const ledgers = ended.lines.filter(({ msg }) => msg === 'stopped').map((line) => ({ lines: [line] }));
  return {
    ...together([await find({ next, folders: [path.join(context.folder, COPY)] })]),
    violations: ledgers.flatMap((line) => ledgerFaults(lastLedger(line))),
    note: `${RESTARTS} restarts`,
  };
};

export const passedSocket: FaultCase = {
  name: 'passed-socket',
  number: 26,
  title: 'restart on a passed socket 100 times under load',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5'],
  limitS: 120,
  run,
};
