package kahets

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What a call may take beside its own limits on a machine that is busy.
const slack = 2 * time.Second

var background = context.Background()

// A peer is a daemon as far as bytes go, on a real socket.
type peer struct {
	mutex    sync.Mutex
	received []byte
	conns    chan net.Conn
}

func listen(t *testing.T, path string, serve func(*peer, net.Conn)) *peer {
	t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	return serving(t, listener, serve)
}

// listenTCP returns the Socket of the peer, too; there may be no IPv6 on the machine.
func listenTCP(t *testing.T, host string, serve func(*peer, net.Conn)) (*peer, string) {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Skip(err)
	}
	return serving(t, listener, serve), "tcp://" + listener.Addr().String()
}

func serving(t *testing.T, listener net.Listener, serve func(*peer, net.Conn)) *peer {
	t.Cleanup(func() { _ = listener.Close() })
	p := &peer{conns: make(chan net.Conn, 16)}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.conns <- conn
			go serve(p, conn)
		}
	}()
	return p
}

func (p *peer) read(conn net.Conn) {
	chunk := make([]byte, 65536)
	for {
		n, err := conn.Read(chunk)
		p.mutex.Lock()
		p.received = append(p.received, chunk[:n]...)
		p.mutex.Unlock()
		if err != nil {
			return
		}
	}
}

func (p *peer) waitFor(t *testing.T, data []byte) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		p.mutex.Lock()
		found := bytes.Contains(p.received, data)
		p.mutex.Unlock()
		if found {
			return
		}
	}
	t.Fatalf("expected %x", data)
}

func answering(status byte, messages uint64) func(*peer, net.Conn) {
	return func(p *peer, conn net.Conn) {
		go p.read(conn)
		for token := uint32(1); ; token++ {
			for {
				p.mutex.Lock()
				found := bytes.Contains(p.received, syncFrame(token))
				p.mutex.Unlock()
				if found {
					break
				}
				time.Sleep(time.Millisecond)
			}
			answer := append([]byte{15, 0, 0, 0, 0, syncedType}, binary.LittleEndian.AppendUint32(nil, token)...)
			answer = binary.LittleEndian.AppendUint64(append(answer, status), messages)
			if _, err := conn.Write(answer); err != nil {
				return
			}
		}
	}
}

func socketOf(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "kahets-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return filepath.Join(folder, "s")
}

func frame(messages ...Message) (found []byte) {
	for i := range messages {
		found = appendFrame(found, &messages[i])
	}
	return found
}

func inTime(t *testing.T, limit time.Duration, do func()) {
	t.Helper()
	began := time.Now()
	do()
	if took := time.Since(began); took > limit+slack {
		t.Errorf("expected an end within %s, it took %s", limit, took)
	}
}

func expectReason(t *testing.T, err error, reason Reason, part string) {
	t.Helper()
	var found *Error
	if !errors.As(err, &found) || found.Reason != reason || !strings.Contains(found.Detail, part) {
		t.Errorf("expected %s with %q, got %v", reason, part, err)
	}
}

func equal[T comparable](t *testing.T, found, expected T) {
	t.Helper()
	if found != expected {
		t.Errorf("expected %v, got %v", expected, found)
	}
}

func TestVectors(t *testing.T) {
	type message struct {
		As, Bucket   string
		Key, Message *string
		TimestampMs  *int64
		Partition    *int32
		Headers      [][2]*string
	}
	var file struct {
		Vectors []struct {
			Name, Bytes string
			Accepted    []message
			Refused     map[string]int
		}
	}
	data, err := os.ReadFile("../../spec/vectors/frames.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	decode := func(text *string) []byte {
		if text == nil {
			return nil
		}
		found, err := hex.DecodeString(*text)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	count := 0
	for _, vector := range file.Vectors {
		if len(vector.Refused) > 0 {
			continue
		}
		count++
		expected, err := hex.DecodeString(strings.ReplaceAll(vector.Bytes, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		var found []byte
		for _, one := range vector.Accepted {
			m := Message{Bucket: one.Bucket, Key: decode(one.Key), Value: decode(one.Message)}
			if one.As == "record" {
				m.NullKey, m.Tombstone, m.Partition = one.Key == nil, one.Message == nil, one.Partition
				if one.TimestampMs != nil {
					m.Time = time.UnixMilli(*one.TimestampMs)
				}
				// Not nil, so that it goes as a record.
				m.Headers = []Header{}
				for _, pair := range one.Headers {
					m.Headers = append(m.Headers, Header{*pair[0], decode(pair[1])})
				}
			}
			if err := m.check(); err != nil {
				t.Errorf("%s: %v", vector.Name, err)
			}
			found = appendFrame(found, &m)
		}
		if !bytes.Equal(found, expected) {
			t.Errorf("%s: expected %x, got %x", vector.Name, expected, found)
		}
	}
	if count < 10 {
		t.Errorf("expected vectors, found %d", count)
	}
}

func TestSyncVectors(t *testing.T) {
	type vector struct {
		Name, Bytes string
		Token       uint32
		Status      SyncStatus
		Messages    uint64
	}
	var file struct{ Syncs, Answers []vector }
	data, err := os.ReadFile("../../spec/vectors/syncs.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	bytesOf := func(one vector) []byte {
		found, err := hex.DecodeString(strings.ReplaceAll(one.Bytes, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for _, sync := range file.Syncs {
		equal(t, hex.EncodeToString(syncFrame(sync.Token)), hex.EncodeToString(bytesOf(sync)))
	}
	for _, answer := range file.Answers {
		result, err := decodeSynced(bytesOf(answer), answer.Token)
		equal(t, err, nil)
		equal(t, result, SyncResult{answer.Status, answer.Messages})
	}
	if len(file.Syncs) < 2 || len(file.Answers) < 2 {
		t.Error("expected vectors")
	}
}

func TestRefusesWhatDoesNotFit(t *testing.T) {
	minus := int32(-1)
	for part, message := range map[string]Message{
		"bucket: bytes: expected 1 to 255, got 0":      {},
		"bucket: bytes: expected 1 to 255, got 256":    {Bucket: strings.Repeat("b", 256)},
		"bucket: expected UTF-8":                       {Bucket: "\xff"},
		"key: bytes: expected 0 to 65535":              {Bucket: "b", Key: make([]byte, 65536)},
		"key: expected none beside NullKey":            {Bucket: "b", Key: []byte("k"), NullKey: true},
		"value: expected none beside Tombstone":        {Bucket: "b", Value: []byte("v"), Tombstone: true},
		"headers: expected 0 to 1000, got 1001":        {Bucket: "b", Headers: make([]Header, 1001)},
		"headers[0]: bytes of the name: expected 0 to": {Bucket: "b", Headers: []Header{{Name: strings.Repeat("h", 65536)}}},
		"headers[0]: expected a name in UTF-8":         {Bucket: "b", Headers: []Header{{Name: "\xff"}}},
		"time: expected 1970 or later":                 {Bucket: "b", Time: time.UnixMilli(-5)},
		"partition: expected 0 or more, got -1":        {Bucket: "b", Partition: &minus},
	} {
		var unsent []Unsent
		p := New(Options{Fallback: func(one Unsent) { unsent = append(unsent, one) }})
		expectReason(t, p.Send(background, message), Invalid, part)
		if len(unsent) != 1 || unsent[0].Messages != 1 || p.Counters() != (Counters{Failed: 1}) {
			t.Errorf("%s: got %v, %v", part, unsent, p.Counters())
		}
	}
	p := New(Options{MaxFrameBytes: 100})
	expectReason(t, p.Send(background, Message{Bucket: "b", Value: make([]byte, 99)}), TooLarge, "at most 100 bytes, got 102")
}

func TestBuffersAndWrites(t *testing.T) {
	path := socketOf(t)
	daemon := listen(t, path, (*peer).read)
	p := New(Options{Socket: path})
	partition := int32(1)
	messages := []Message{
		{Bucket: "b", Value: []byte("one")},
		{Bucket: "b", Value: []byte("two"), Key: []byte("k")},
		{Bucket: "b", Value: []byte("three"), Headers: []Header{{"h", []byte("v")}, {"n", nil}}},
		{Bucket: "b", Key: []byte("k"), Tombstone: true},
		{Bucket: "b", NullKey: true, Time: time.UnixMilli(5), Partition: &partition},
	}
	for _, message := range messages {
		if err := p.Send(background, message); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, p.Counters(), Counters{Buffered: 5})
	if err := p.Close(background); err != nil {
		t.Fatal(err)
	}
	expected := frame(messages...)
	daemon.waitFor(t, expected)
	equal(t, p.Counters(), Counters{Sent: 5, Bytes: uint64(len(expected)), Connections: 1})
	expectReason(t, p.Send(background, messages[0]), Closed, "found one that is closed")
	ctx, cancel := context.WithTimeout(background, time.Second)
	defer cancel()
	result, err := p.Sync(ctx)
	expectReason(t, err, Closed, "found one that is closed")
	equal(t, result, SyncResult{Status: NotSent})
	equal(t, p.Counters().Connections, 1)
}

func TestWritesWhenTheBufferIsFullOrOld(t *testing.T) {
	for i, options := range []Options{{BufferBytes: 5}, {BufferBytes: -1}, {FlushAfter: time.Millisecond}} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			options.Socket = socketOf(t)
			daemon := listen(t, options.Socket, (*peer).read)
			message := Message{Bucket: "b", Value: []byte("m")}
			if err := New(options).Send(background, message); err != nil {
				t.Fatal(err)
			}
			daemon.waitFor(t, frame(message))
		})
	}
}

func TestKeepsTheOrderOfEachGoroutine(t *testing.T) {
	path := socketOf(t)
	daemon := listen(t, path, (*peer).read)
	p := New(Options{Socket: path, Timeout: time.Minute})
	var done sync.WaitGroup
	for _, bucket := range []string{"a", "b", "c"} {
		done.Add(1)
		go func(bucket string) {
			defer done.Done()
			for n := 0; n < 2000; n++ {
				if err := p.Send(background, Message{Bucket: bucket, Value: []byte(fmt.Sprintf("%05d", n))}); err != nil {
					t.Error(err)
				}
			}
		}(bucket)
	}
	done.Wait()
	last := Message{Bucket: "end"}
	_ = p.Send(background, last)
	if err := p.Close(background); err != nil {
		t.Fatal(err)
	}
	daemon.waitFor(t, frame(last))
	for _, bucket := range []string{"a", "b", "c"} {
		n := 0
		for data := daemon.received; len(data) > 0; {
			length := lengthBytes + int(binary.LittleEndian.Uint32(data))
			if string(data[5:6]) == bucket && data[4] == 1 {
				equal(t, string(data[7:length]), fmt.Sprintf("%05d", n))
				n++
			}
			data = data[length:]
		}
		equal(t, n, 2000)
	}
}

func TestTakesAnotherConnectionWhereOneWasClosed(t *testing.T) {
	path := socketOf(t)
	takesAnother(t, listen(t, path, (*peer).read), path)
}

func TestTakesAnotherConnectionWhereOneWasClosedOverTCP(t *testing.T) {
	// There, unlike on a UNIX socket, the write after a close still succeeds, into nowhere.
	daemon, socket := listenTCP(t, "127.0.0.1", (*peer).read)
	takesAnother(t, daemon, socket)
}

func takesAnother(t *testing.T, daemon *peer, socket string) {
	t.Helper()
	p := New(Options{Socket: socket, BufferBytes: -1})
	one, two := Message{Bucket: "b", Value: []byte("one")}, Message{Bucket: "b", Value: []byte("two")}
	if err := p.Send(background, one); err != nil {
		t.Fatal(err)
	}
	daemon.waitFor(t, frame(one))
	_ = (<-daemon.conns).Close()
	if err := p.Send(background, two); err != nil {
		t.Fatal(err)
	}
	daemon.waitFor(t, frame(two))
	equal(t, p.Counters().Connections, 2)
}

func TestNobodyListens(t *testing.T) {
	var unsent []Unsent
	message := Message{Bucket: "b", Value: []byte("m")}
	p := New(Options{Socket: socketOf(t), Fallback: func(one Unsent) { unsent = append(unsent, one) }})
	inTime(t, 50*time.Millisecond, func() {
		_ = p.Send(background, message)
		expectReason(t, p.Flush(background), Unreachable, "is the daemon running")
	})
	if len(unsent) != 1 || unsent[0].Messages != 1 || !bytes.Equal(unsent[0].Frames, frame(message)) {
		t.Errorf("got %v", unsent)
	}
}

func TestAFullQueueOfClients(t *testing.T) {
	path := socketOf(t)
	listener, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(listener) }()
	if err := errors.Join(syscall.Bind(listener, &syscall.SockaddrUnix{Name: path}), syscall.Listen(listener, 0)); err != nil {
		t.Fatal(err)
	}
	for {
		conn, err := net.Dial("unix", path)
		if err != nil {
			break
		}
		defer func() { _ = conn.Close() }()
	}
	p := New(Options{Socket: path, BufferBytes: -1})
	inTime(t, 50*time.Millisecond, func() {
		expectReason(t, p.Send(background, Message{Bucket: "b"}), Unreachable, "no connection")
	})
}

func TestADaemonThatDoesNotRead(t *testing.T) {
	path := socketOf(t)
	daemon := listen(t, path, func(*peer, net.Conn) {})
	p := New(Options{Socket: path, BufferBytes: -1})
	large := Message{Bucket: "b", Value: make([]byte, 4_000_000)}
	inTime(t, 100*time.Millisecond, func() {
		expectReason(t, p.Send(background, large), Timeout, "does not read")
	})
	inTime(t, 0, func() {
		expectReason(t, p.Send(background, Message{Bucket: "b"}), Paused, "not tried again so soon")
	})
	// The half frame ends with its connection.
	conn := <-daemon.conns
	daemon.read(conn)
	if taken := len(daemon.received); taken == 0 || taken >= 4_000_000 {
		t.Errorf("expected a part, got %d bytes", taken)
	}
	limited, cancel := context.WithTimeout(background, time.Millisecond)
	defer cancel()
	inTime(t, time.Millisecond, func() {
		if New(Options{Socket: path, BufferBytes: -1, Timeout: time.Minute}).Send(limited, large) == nil {
			t.Error("expected the end of the context to end it")
		}
	})
}

func TestSendsOverTCP(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			daemon, socket := listenTCP(t, host, answering(0, 1))
			p := New(Options{Socket: socket})
			message := Message{Bucket: "b", Value: []byte("m")}
			if err := p.Send(background, message); err != nil {
				t.Fatal(err)
			}
			result, err := p.Sync(background)
			if err != nil || result != (SyncResult{Delivered, 1}) {
				t.Errorf("got %v, %v", result, err)
			}
			daemon.waitFor(t, frame(message))
		})
	}
}

func TestADaemonThatDoesNotReadOverTCP(t *testing.T) {
	daemon, socket := listenTCP(t, "127.0.0.1", func(*peer, net.Conn) {})
	p := New(Options{Socket: socket, BufferBytes: -1})
	large := Message{Bucket: "b", Value: make([]byte, 8_000_000)}
	inTime(t, 100*time.Millisecond, func() {
		expectReason(t, p.Send(background, large), Timeout, "does not read")
	})
	daemon.read(<-daemon.conns)
	if taken := len(daemon.received); taken == 0 || taken >= 8_000_000 {
		t.Errorf("expected a part, got %d bytes", taken)
	}
}

func TestNobodyAcceptsOverTCP(t *testing.T) {
	listener, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(listener) }()
	local := &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err := errors.Join(syscall.Bind(listener, local), syscall.Listen(listener, 1)); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(listener)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port)
	// Two are in the queue; to the others nobody answers.
	for {
		conn, err := net.DialTimeout("tcp", address, 50*time.Millisecond)
		if err != nil {
			break
		}
		defer func() { _ = conn.Close() }()
	}
	p := New(Options{Socket: "tcp://" + address, BufferBytes: -1})
	inTime(t, 50*time.Millisecond, func() {
		expectReason(t, p.Send(background, Message{Bucket: "b"}), Unreachable, "no connection")
	})
}

func TestAnAddressThatIsNone(t *testing.T) {
	for _, socket := range []string{"tcp://", "tcp://127.0.0.1", "tcp://::1:9410"} {
		p := New(Options{Socket: socket, BufferBytes: -1})
		inTime(t, 50*time.Millisecond, func() {
			expectReason(t, p.Send(background, Message{Bucket: "b"}), Unreachable, socket)
		})
	}
}

func TestAFallbackMaySend(t *testing.T) {
	var p *Producer
	p = New(Options{Socket: socketOf(t), FlushAfter: time.Hour, Fallback: func(Unsent) {
		_ = p.Send(background, Message{Bucket: "b", Value: []byte("from the fallback")})
	}})
	_ = p.Send(background, Message{Bucket: "b"})
	if p.Flush(background) == nil {
		t.Error("expected an error")
	}
	equal(t, p.Counters(), Counters{Failed: 1, Buffered: 1})
}

func TestSync(t *testing.T) {
	for status, name := range []string{"delivered", "backed_up", "dropped"} {
		t.Run(name, func(t *testing.T) {
			path := socketOf(t)
			listen(t, path, answering(byte(status), 3))
			p := New(Options{Socket: path})
			for i := 0; i < 2; i++ {
				_ = p.Send(background, Message{Bucket: "b"})
				result, err := p.Sync(background)
				equal(t, err, nil)
				equal(t, result.Status.String(), name)
				equal(t, result.Messages, 3)
			}
		})
	}
}

func TestSyncWaitsNoLongerThanItMay(t *testing.T) {
	path := socketOf(t)
	listen(t, path, (*peer).read)
	p := New(Options{Socket: path})
	for _, limit := range []func() (context.Context, context.CancelFunc){
		func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(background, 50*time.Millisecond)
		},
		func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(background)
			time.AfterFunc(50*time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		ctx, cancel := limit()
		inTime(t, 50*time.Millisecond, func() {
			_ = p.Send(background, Message{Bucket: "b"})
			result, err := p.Sync(ctx)
			expectReason(t, err, Timeout, "no answer to a sync in time")
			equal(t, result, SyncResult{Status: Unknown})
		})
		cancel()
	}
}

func TestOthersSendWhileOneWaits(t *testing.T) {
	path := socketOf(t)
	daemon := listen(t, path, (*peer).read)
	p := New(Options{Socket: path, BufferBytes: -1})
	ctx, cancel := context.WithCancel(background)
	ended := make(chan SyncResult)
	go func() {
		result, _ := p.Sync(ctx)
		ended <- result
	}()
	daemon.waitFor(t, syncFrame(1))
	message := Message{Bucket: "b", Value: []byte("meanwhile")}
	if err := p.Send(background, message); err != nil {
		t.Fatal(err)
	}
	daemon.waitFor(t, frame(message))
	cancel()
	equal(t, <-ended, SyncResult{Status: Unknown})
}

func TestSyncTellsWhatThisSideKnows(t *testing.T) {
	path := socketOf(t)
	daemon := listen(t, path, answering(0, 1))
	p := New(Options{Socket: path, BufferBytes: -1})
	_ = p.Send(background, Message{})
	_ = p.Send(background, Message{Bucket: "b"})
	result, err := p.Sync(background)
	equal(t, err, nil)
	equal(t, result, SyncResult{NotSent, 1})

	_ = p.Send(background, Message{Bucket: "b"})
	_ = (<-daemon.conns).Close()
	_ = p.Send(background, Message{Bucket: "b", Value: []byte("another connection")})
	ctx, cancel := context.WithTimeout(background, 10*time.Second)
	defer cancel()
	result, _ = p.Sync(ctx)
	equal(t, result.Status, Unknown)
}

func TestNoiseIsNoAnswer(t *testing.T) {
	path := socketOf(t)
	listen(t, path, func(_ *peer, conn net.Conn) { _, _ = conn.Write(bytes.Repeat([]byte{7}, syncedBytes)) })
	p := New(Options{Socket: path})
	_ = p.Send(background, Message{Bucket: "b"})
	result, err := p.Sync(background)
	expectReason(t, err, Closed, "expected the answer to sync 1, found the bytes 0707")
	equal(t, result, SyncResult{Status: Unknown})
}

func TestHandler(t *testing.T) {
	path := socketOf(t)
	daemon := listen(t, path, (*peer).read)
	p := New(Options{Socket: path})
	withoutTime := func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return attr
	}
	logger := slog.New(NewHandler(p, "logs", &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	logger.Info("disk full", "free", 0)
	logger.Debug("not wanted")
	if err := p.Close(background); err != nil {
		t.Fatal(err)
	}
	daemon.waitFor(t, frame(Message{Bucket: "logs", Value: []byte(`{"level":"INFO","msg":"disk full","free":0}`)}))
}
