"""First process of a sandbox: runs commands and keeps their output, reads and writes the files of
the workspace, forwards connections, and ends the sandbox when its time is over.

The protocol is described in adapters/sandbox/runner/PROTOCOL.md. Standard library only, one
thread. The low-level modules (_socket, _signal, _json) stand in for the ones built on them: those
cost megabytes in every idle sandbox. Code of the agent runs under the same user, so nothing that
arrives here is trusted and every buffer has a bound.
"""
import _signal
import _socket
import errno
import fcntl
import os
import select
import stat
import sys
import time
from binascii import crc32
from heapq import heappop, heappush
from struct import Struct

VERSION = 1
MAGIC = 0x4846
HEADER = Struct('>HBBIII')  # magic, type, zero, channel, length, checksum of what is before it
HEADER_SIZE = HEADER.size
HEAD = Struct('>HBBII')
U32 = Struct('>I')
U32_HERE = Struct('=I')
OUTPUT_HEAD = Struct('>BQ')  # stream, offset
MAX_PAYLOAD = 1 << 20
HELLO, REQUEST, DATA, END, CREDIT, CLOSE, ANSWER, OUTPUT, RESULT, FAIL, GOODBYE = range(1, 12)
# Of the wire that clients share: the beginning of a connection, a piece of it, how many of its pieces
# are here, and its end.
BEGIN, PART, TAKEN, RESET = 12, 13, 14, 15
# magic, type, zero, connection, place in its order, length, checksums of the payload and of this
PART_HEADER = Struct('>2sBBIIIII')
PART_MAGIC = b'HW'
MAX_PART = (1 << 14) - 24
NONCE_SIZE = 32
SILENCE_S = 30.0  # a client says something far more often than that

WINDOW = 1 << 20  # what may be sent to the client beyond its credits
UPLOAD_WINDOW = 1 << 18  # what the client may send beyond ours
CHUNK = 1 << 18
PIECE = 1 << 17
OUT_HIGH = 1 << 19
OUT_LIMIT = 4 << 20
BUFFERED_LIMIT = 32 << 20
MAX_CONNECTIONS = 64
MAX_CHANNELS = 512
MAX_FORWARDS = 64
MAX_RUNNING = 96
MAX_COMMANDS = 20000
MAX_SPOOLED = 128  # commands whose output is kept: each holds up to two open files
SMALL_OUTPUT = 1 << 16  # of a stream that is kept in memory, since the disk is full
MAX_ENTRIES = 20000
MAX_DEPTH = 256
GRACE_S = 2.0
WATCH_S = 0.25
SLICE_S = 0.004

IN, OUT, HUP = select.EPOLLIN, select.EPOLLOUT, select.EPOLLHUP | select.EPOLLERR
now = time.monotonic


class Problem(Exception):
    """A request that fails with a code of contracts/errors.ts."""

    def __init__(self, code, message):
        Exception.__init__(self, message)
        self.code = code
        self.message = message


class Garbage(Exception):
    """What only a broken or hostile client sends."""


def make_json():
    """The C parts of json alone, where this Python has them in the shape that is known here."""
    try:
        import _json

        class Context:
            strict = True
            object_hook = None
            object_pairs_hook = None
            parse_float = float
            parse_int = int
            parse_constant = None
            memo = {}

        scan = _json.make_scanner(Context())
        encode = _json.make_encoder(
            None, repr, _json.encode_basestring_ascii, None, ':', ',', False, False, True
        )

        def loads(text):
            try:
                value, end = scan(text, 0)
            except StopIteration:
                raise ValueError('not JSON')
            if end != len(text):
                raise ValueError('more than one value')
            return value

        def dumps(value):
            return ''.join(encode(value, 0))

        if loads(dumps({'a': [1, 'b', None, True]})) == {'a': [1, 'b', None, True]}:
            return loads, dumps
    except Exception:
        pass
    import json

    return json.loads, lambda value: json.dumps(value, separators=(',', ':'))


loads, dumps = make_json()


def make_sha256():
    for name in ('_sha256', '_sha2', 'hashlib'):
        try:
            return __import__(name).sha256
        except ImportError:
            continue
    raise ImportError('sha256')


sha256 = make_sha256()


def prctl(option, value):
    """True if the kernel took it; without ctypes the runner does without."""
    try:
        import _ctypes

        address = _ctypes.dlsym(_ctypes.dlopen(None, 0), 'prctl')
        return _ctypes.call_function(address, (option, value, 0, 0, 0)) == 0
    except Exception:
        return False


def tell_denied():
    """Has the kernel write down the calls that it refuses from here on, marked as this sandbox's: under
    a session of its audit that nothing in here can leave. What refuses them is there already."""
    number, _, program = os.environ.pop('HOLDFAST_TELL_DENIED', '').partition(':')
    if not program:
        return
    try:
        with open('/proc/self/loginuid', 'wb', 0) as file:
            file.write(b'%d' % os.getuid())
    except OSError:
        pass  # Whoever started this process has begun one.
    try:
        import _ctypes

        program = bytes.fromhex(program)
        # A filter is its length and its address; the content of bytes is at their end, before a zero.
        fields = Struct('@HP').pack(len(program) // 8, id(program) + bytes.__basicsize__ - 1)
        address = _ctypes.dlsym(_ctypes.dlopen(None, 0), 'syscall')
        _ctypes.call_function(address, (int(number), 1, 2, fields))
    except Exception:
        pass


def signal_file(numbers):
    """A file that tells of these signals and who sent them, or -1 where there is none."""
    try:
        import _ctypes

        mask = sum(1 << (number - 1) for number in numbers).to_bytes(8, sys.byteorder)
        address = _ctypes.dlsym(_ctypes.dlopen(None, 0), 'signalfd')
        flags = os.O_CLOEXEC | os.O_NONBLOCK
        fd = _ctypes.call_function(address, (-1, mask.ljust(128, b'\0'), flags))
    except Exception:
        return -1
    if fd >= 0:
        _signal.pthread_sigmask(_signal.SIG_BLOCK, numbers)
    return fd


def text_field(spec, name, limit=4096):
    value = spec.get(name)
    if type(value) is not str or len(value) > limit:
        raise Garbage(name)
    return value


def int_field(spec, name, default=None, limit=1 << 53):
    value = spec.get(name, default)
    if type(value) is not int or not 0 <= value <= limit:
        raise Garbage(name)
    return value


def no_block(fd):
    os.set_blocking(fd, False)
    return fd


def close_quietly(fd):
    try:
        os.close(fd)
    except OSError:
        pass


class Loop:
    """Readiness, timers, and long work in slices so that no command waits for a listing."""

    def __init__(self):
        self.poll = select.epoll()
        self.handlers = {}
        self.masks = {}
        self.timers = []
        self.count = 0
        self.tasks = []
        self.failed = None

    def watch(self, fd, mask, handler):
        if fd in self.handlers:
            if self.masks[fd] != mask:
                self.poll.modify(fd, mask)
        else:
            self.poll.register(fd, mask)
        self.handlers[fd] = handler
        self.masks[fd] = mask

    def forget(self, fd):
        if self.handlers.pop(fd, None) is not None:
            del self.masks[fd]
            try:
                self.poll.unregister(fd)
            except OSError:
                pass

    def after(self, seconds, action):
        self.count += 1
        heappush(self.timers, (now() + seconds, self.count, action))

    def work(self, generator):
        self.tasks.append(generator)

    def run(self):
        while True:
            wait = -1
            if self.tasks:
                wait = 0
            elif self.timers:
                wait = max(0.0, self.timers[0][0] - now())
            for fd, mask in self.poll.poll(wait, 64):
                handler = self.handlers.get(fd)
                if handler is not None:
                    self.guard(handler, mask)
            while self.timers and self.timers[0][0] <= now():
                self.guard(heappop(self.timers)[2])
            if self.tasks:
                self.step()

    def guard(self, action, *args):
        # Whatever a client or the agent's code provokes must not end the sandbox.
        try:
            action(*args)
        except Exception as error:
            self.complain(error)

    def complain(self, error):
        try:
            text = 'holdfast_runner: %s: %s\n' % (type(error).__name__, error)
            os.write(2, text.encode('utf-8', 'replace')[:500])
        except OSError:
            pass

    def step(self):
        task = self.tasks.pop(0)
        end = now() + SLICE_S
        try:
            while now() < end:
                channel = next(task)
                if channel is not None:
                    self.park(task, channel)
                    return
        except StopIteration:
            return
        except Exception as error:
            self.complain(error)
            return
        self.tasks.append(task)

    def park(self, task, channel):
        """The work goes on when its client has given credit, or is gone."""

        def wake():
            channel.pump = channel.on_close = None
            self.tasks.append(task)

        channel.pump = channel.on_close = wake


class Channel:
    """One request of a connection: what is sent under credits, and what arrives."""

    def __init__(self, connection, number):
        self.connection = connection
        self.number = number
        self.credit = WINDOW
        self.allowed = 0  # what the client may still send
        self.pump = None  # sends what there is, while ready()
        self.on_data = None
        self.on_end = None
        self.on_close = None
        self.open = True

    def ready(self):
        return self.open and self.credit > 0 and self.connection.room()

    def send(self, kind, *parts):
        if self.open:
            self.connection.send(kind, self.number, *parts)

    def json(self, kind, value):
        self.send(kind, dumps(value).encode())

    def data(self, payload):
        self.credit -= len(payload)
        self.send(DATA, payload)

    def grant(self, size):
        self.allowed += size
        self.send(CREDIT, U32.pack(size))

    def fail(self, problem):
        self.json(FAIL, {'code': problem.code, 'message': problem.message[:500]})
        self.close()

    def end(self):
        self.send(END)
        self.close()

    def close(self):
        if self.open:
            self.open = False
            self.connection.channels.pop(self.number, None)
            if self.on_close is not None:
                self.on_close()


class Connection:
    """Frames over a socket."""

    buffered = 0  # of all connections, in what was not parsed yet

    def __init__(self, runner, fd_in, fd_out):
        self.runner = runner
        self.fd_in = fd_in
        self.fd_out = fd_out
        self.inbox = bytearray()
        self.outbox = []
        self.out_size = 0
        self.channels = {}
        self.greeted = False
        self.closed = False
        self.watch()

    def room(self):
        return self.out_size < OUT_HIGH and not self.closed

    def watch(self):
        loop = self.runner.loop
        if self.fd_in == self.fd_out:
            loop.watch(self.fd_in, IN | (OUT if self.outbox else 0), self.on_ready)
            return
        loop.watch(self.fd_in, IN, self.on_ready)
        if self.outbox:
            loop.watch(self.fd_out, OUT, self.on_ready)
        else:
            loop.forget(self.fd_out)

    def on_ready(self, mask):
        if mask & OUT:
            self.flush()
        if not self.closed and mask & (IN | HUP):
            self.receive()

    def receive(self):
        try:
            data = os.read(self.fd_in, CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b''
        if data:
            self.take(data)
        else:
            self.close()

    def take(self, data):
        Connection.buffered += len(data)
        self.inbox += data
        try:
            if Connection.buffered > BUFFERED_LIMIT:
                raise Garbage('too much')
            self.parse()
        except Garbage:
            self.close()

    def parse(self):
        inbox = self.inbox
        at = 0
        while not self.closed and len(inbox) - at >= HEADER_SIZE:
            magic, kind, zero, number, length, check = HEADER.unpack_from(inbox, at)
            good = (
                magic == MAGIC
                and zero == 0
                and length <= MAX_PAYLOAD
                and check == crc32(inbox[at : at + HEADER_SIZE - 4])
            )
            if not good:
                raise Garbage('frame')
            end = at + HEADER_SIZE + length
            if len(inbox) < end:
                break
            payload = bytes(inbox[at + HEADER_SIZE : end])
            at = end
            self.on_frame(kind, number, payload)
        if not self.closed:
            del inbox[:at]
            Connection.buffered -= at

    def on_frame(self, kind, number, payload):
        if kind == HELLO:
            self.on_hello(payload)
            return
        if not self.greeted:
            raise Garbage('no hello')
        if kind == REQUEST:
            if number in self.channels or number == 0 or len(self.channels) >= MAX_CHANNELS:
                raise Garbage('channel')
            channel = self.channels[number] = Channel(self, number)
            self.runner.on_request(channel, parse_object(payload))
            return
        channel = self.channels.get(number)
        if channel is None:
            return  # it was closed here while the frame was on its way
        if kind == DATA:
            channel.allowed -= len(payload)
            if channel.allowed < 0 or channel.on_data is None:
                raise Garbage('credit')
            channel.on_data(payload)
        elif kind == END:
            if channel.on_end is not None:
                channel.on_end()
        elif kind == CREDIT:
            if len(payload) != 4:
                raise Garbage('credit')
            channel.credit = min(channel.credit + U32.unpack(payload)[0], 64 * WINDOW)
            if channel.pump is not None:
                channel.pump()
        elif kind == CLOSE:
            channel.close()
        else:
            raise Garbage('type')

    def on_hello(self, payload):
        hello = parse_object(payload)
        self.drop_channels()
        self.greeted = True
        answer = {'version': VERSION, 'nonce': text_field(hello, 'nonce', 64), 'pid': os.getpid()}
        self.send(HELLO, 0, dumps(answer).encode())

    def send(self, kind, number, *parts):
        if not self.closed:
            self.put(to_frame(kind, number, parts))

    def put(self, pieces):
        size = sum(map(len, pieces))
        if not self.outbox:
            try:
                sent = os.writev(self.fd_out, pieces)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                self.close()
                return
            if sent == size:
                return
            whole = b''.join(pieces)
            pieces = [whole[sent:]]
        for piece in pieces:
            self.outbox.append(piece)
            self.out_size += len(piece)
        if self.out_size > OUT_LIMIT:
            self.on_overflow()
        if not self.closed:
            self.watch()

    def on_overflow(self):
        self.close()

    def flush(self):
        while self.outbox:
            pieces = self.outbox[:16]
            try:
                sent = os.writev(self.fd_out, pieces)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                self.close()
                return
            self.out_size -= sent
            for piece in pieces:
                if sent < len(piece):
                    if sent:
                        self.outbox[0] = piece[sent:]
                    break
                sent -= len(piece)
                del self.outbox[0]
        self.pump()
        if not self.closed:
            self.watch()

    def pump(self):
        if not self.room():
            return
        # Each gets its turn: one that fills the buffer again goes to the end of the line.
        for number in list(self.channels):
            channel = self.channels.get(number)
            if channel is not None and channel.pump is not None and channel.ready():
                channel.pump()
                if not self.room() and number in self.channels:
                    self.channels[number] = self.channels.pop(number)
                    break

    def drop_channels(self):
        for channel in list(self.channels.values()):
            channel.close()

    def close(self):
        if self.closed:
            return
        self.closed = True
        Connection.buffered -= len(self.inbox)
        self.inbox = bytearray()
        self.outbox = []
        self.runner.loop.forget(self.fd_in)
        self.runner.loop.forget(self.fd_out)
        self.drop_channels()
        close_quietly(self.fd_in)
        if self.fd_out != self.fd_in:
            close_quietly(self.fd_out)
        self.runner.on_closed(self)


def to_frame(kind, number, parts):
    size = sum(map(len, parts))
    head = HEAD.pack(MAGIC, kind, 0, number, size)
    pieces = [head + U32.pack(crc32(head)) + b''.join(parts[:-1])]
    if parts:
        pieces.append(parts[-1])
    if len(pieces) == 2 and len(pieces[1]) < 4096:
        pieces = [pieces[0] + pieces[1]]
    return pieces


class Wire(Connection):
    """Standard input and output, shared by clients that do not know of each other.

    Everything that goes out reaches all of them, in order and whole. What comes in may be cut at
    any byte and mixed with the bytes of others, and clients may vanish in the middle of a part: one
    that is not whole is dropped, and sent again by its client, who sends one at a time and waits.
    """

    def __init__(self, runner, fd_in, fd_out):
        self.carried = {}
        self.look_again = now()
        Connection.__init__(self, runner, fd_in, fd_out)
        self.drop_silent()

    def take(self, data):
        Connection.buffered += len(data)
        self.inbox += data
        self.parse()

    def parse(self):
        inbox = self.inbox
        at = 0
        while not self.closed and len(inbox) - at >= PART_HEADER.size:
            fields = PART_HEADER.unpack_from(inbox, at)
            magic, kind, zero, number, place, length, check, proof = fields
            start = at + PART_HEADER.size
            sound = magic == PART_MAGIC and zero == 0 and length <= MAX_PART
            if sound and proof == crc32(inbox[at : start - 4]):
                if len(inbox) < start + length:
                    break
                data = bytes(inbox[start : start + length])
                if check == crc32(data):
                    at = start + length
                    self.on_part(kind, number, place, data)
                    continue
                # Behind a torn one, others may be whole.
                self.acknowledge(self.carried.get(number))
            found = inbox.find(PART_MAGIC, at + 1)
            # A lone H at the end may be half of the next magic.
            at = found if found >= 0 else len(inbox) - (inbox[-1:] == b'H')
        if not self.closed:
            del inbox[:at]
            Connection.buffered -= at

    def on_part(self, kind, number, place, data):
        carried = self.carried.get(number)
        if carried is None:
            if kind == PART and place == 0 and len(data) == NONCE_SIZE:
                self.accept(number, data)
            elif kind == PART:
                self.send(RESET, number)
            return
        carried.heard = now()
        if kind == RESET:
            carried.close()
        if kind != PART:
            return
        fresh = place == carried.taken
        if fresh:
            carried.taken += 1
        self.acknowledge(carried)
        if fresh:
            carried.take(data)

    def accept(self, number, nonce):
        if len(self.carried) >= MAX_CONNECTIONS:
            min(self.carried.values(), key=lambda each: each.heard).close()
        # Where its client begins to read: nobody else knows the nonce, so no output can feign it.
        self.send(BEGIN, number, nonce)
        carried = self.carried[number] = Carried(self, number)
        self.runner.connections.add(carried)
        self.acknowledge(carried)

    def acknowledge(self, carried):
        # One that is left out for lack of room is asked for again.
        if carried is not None and self.out_size <= OUT_LIMIT:
            self.send(TAKEN, carried.number, U32.pack(carried.taken))

    def drop_silent(self):
        """Nothing tells of clients that are gone, but their silence."""
        late = now() - self.look_again
        for carried in list(self.carried.values()):
            if late > 1:
                # We were frozen: what they said meanwhile may still be on its way.
                carried.heard = now()
            elif now() - carried.heard > SILENCE_S:
                carried.close()
        self.look_again = now() + SILENCE_S / 3
        self.runner.loop.after(SILENCE_S / 3, self.drop_silent)

    def pump(self):
        for number in list(self.carried):
            carried = self.carried.get(number)
            if carried is None:
                continue
            if not self.room():
                self.carried[number] = self.carried.pop(number)
                break
            carried.pump()

    def on_overflow(self):
        for carried in list(self.carried.values()):
            carried.close()


class Carried(Connection):
    """The connection of one client over the wire."""

    def __init__(self, wire, number):
        self.wire = wire
        self.number = number
        self.taken = 1  # how many of its parts are here
        self.heard = now()
        Connection.__init__(self, wire.runner, -1, -1)

    def room(self):
        return not self.closed and self.wire.room()

    def watch(self):
        pass

    def put(self, pieces):
        whole = b''.join(pieces)
        for at in range(0, len(whole), MAX_PAYLOAD):
            self.wire.send(PART, self.number, whole[at : at + MAX_PAYLOAD])

    def close(self):
        if not self.closed:
            self.wire.carried.pop(self.number, None)
            self.wire.send(RESET, self.number)
            Connection.close(self)


def parse_object(payload):
    try:
        value = loads(payload.decode('utf-8'))
    except (ValueError, RecursionError):
        raise Garbage('json')
    if type(value) is not dict:
        raise Garbage('json')
    return value


SIGNALS = {'SIGINT': 2, 'SIGTERM': 15, 'SIGKILL': 9}
SIGNAL_NAMES = {}
for _name in dir(_signal):
    if _name.startswith('SIG') and not _name.startswith('SIG_'):
        SIGNAL_NAMES.setdefault(int(getattr(_signal, _name)), _name)
SIGNAL_NAMES[6] = 'SIGABRT'
SIGNAL_NAMES[17] = 'SIGCHLD'
SIGNAL_NAMES[29] = 'SIGIO'


def read_text(path, limit=65536):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ''
    try:
        return os.read(fd, limit).decode('utf-8', 'replace')
    except OSError:
        return ''
    finally:
        os.close(fd)


def number_in(text, name):
    for line in text.split('\n'):
        if line.startswith(name + ' '):
            return int(line[len(name) + 1 :])
    return 0


class Cgroup:
    """What the kernel says of the whole sandbox, in either version's files."""

    ROOT = '/sys/fs/cgroup/'

    def __init__(self):
        self.oom_file = None
        for name in ('memory.events', 'memory/memory.oom_control'):
            if 'oom_kill ' in read_text(self.ROOT + name):
                self.oom_file = self.ROOT + name

    def oom_kills(self):
        return number_in(read_text(self.oom_file), 'oom_kill') if self.oom_file else 0

    def number(self, *names):
        for name in names:
            text = read_text(self.ROOT + name).strip()
            if text.isdigit() and int(text) < 1 << 60:
                return int(text)
        return None

    def cpu_ms(self):
        used = number_in(read_text(self.ROOT + 'cpu.stat'), 'usage_usec')
        if used:
            return used // 1000
        used = self.number('cpuacct/cpuacct.usage', 'cpu,cpuacct/cpuacct.usage')
        return None if used is None else used // 1000000


class Processes:
    """Finds and ends what commands have started, wherever it went."""

    def __init__(self):
        self.me = os.getpid()
        self.first = self.me == 1
        # Orphans come to the first process, or to the one that asked for them.
        self.adopts = self.first or prctl(36, 1)
        self.children_file = None
        try:
            path = '/proc/self/task/%d/children' % self.me
            self.children_file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            pass

    def children(self):
        """Children of this process, or None if the kernel does not tell them cheaply."""
        if self.children_file is None or not self.adopts:
            return None
        try:
            return [int(pid) for pid in os.pread(self.children_file, 65536, 0).split()]
        except OSError:
            return None

    def scan(self):
        """pid -> (parent, session, start in ticks) of everything that lives."""
        table = {}
        for name in os.listdir('/proc'):
            if not name.isdigit():
                continue
            text = read_text('/proc/%s/stat' % name, 1024)
            fields = text[text.rfind(')') + 2 :].split()
            if len(fields) > 19 and fields[0] not in 'ZXx':
                table[int(name)] = (int(fields[1]), int(fields[3]), int(fields[19]))
        return table

    def marker(self, pid):
        """The id of the command whose mark the process carries, or None."""
        environment = read_text('/proc/%d/environ' % pid, 1 << 17)
        for item in environment.split('\0'):
            if item.startswith('HOLDFAST_COMMAND='):
                return item[17:]
        return None

    def owners(self, alive, running):
        """pid -> (Command or None, start), for all that descend from this process."""
        table = self.scan()
        sessions = {command.pid: command for command in alive.values() if command.pid}
        found = {}

        def owner_of(pid):
            chain = []
            answer = False  # not ours
            while pid in table:
                if pid in found:
                    answer = found[pid]
                    break
                chain.append(pid)
                if pid in running:
                    answer = running[pid]
                    break
                parent, session, _ = table[pid]
                if parent == self.me or (not self.adopts and parent <= 1):
                    answer = sessions.get(session)
                    if answer is None:
                        answer = alive.get(self.marker(pid))
                    if answer is None and not self.adopts:
                        answer = False
                    break
                if len(chain) > 4096:
                    break
                pid = parent
            for each in chain:
                found[each] = answer
            return answer

        owners = {}
        for pid in table:
            if pid != self.me:
                owner = owner_of(pid)
                if owner is not False:
                    owners[pid] = (owner, table[pid][2])
        return owners


def send_signal(pid, number):
    try:
        os.kill(pid, number)
    except OSError:
        pass


class Stream:
    """Standard output or error of a command: read from a pipe, kept in an unlinked file."""

    def __init__(self, command, number, fd):
        self.command = command
        self.number = number
        self.fd = fd
        self.total = 0
        self.kept = 0
        self.spool = -1
        self.most = command.max_output
        self.full = False

    def on_ready(self, mask):
        for _ in range(4):
            if not self.read():
                return

    def read(self):
        """False when there is nothing more for now."""
        runner = self.command.runner
        try:
            size = os.readv(self.fd, [runner.buffer])
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            size = 0
        if size == 0:
            self.close()
            self.command.settle()
            return False
        self.total += size
        self.keep(memoryview(runner.buffer)[:size])
        self.command.pump()
        return size == CHUNK and self.fd >= 0

    def keep(self, data):
        data = data[: max(0, self.most - self.kept)]
        if self.full or not data:
            return
        runner = self.command.runner
        try:
            if self.spool < 0:
                self.spool = runner.open_spool()
            while data:
                size = os.pwrite(self.spool, data, self.kept)
                self.kept += size
                data = data[size:]
        except OSError:
            if runner.drop_spools(1):
                self.keep(data)
            elif self.kept == 0 and self.most > SMALL_OUTPUT:
                self.keep_in_memory(data)
            else:
                self.full = True

    def keep_in_memory(self, data):
        """Where programs have filled the disk, what they say of it must still be heard."""
        self.most = SMALL_OUTPUT
        self.drop()
        try:
            self.spool = os.memfd_create('output', os.MFD_CLOEXEC)
        except (OSError, AttributeError):
            self.full = True
            return
        self.keep(data)

    def close(self):
        if self.fd >= 0:
            self.command.runner.loop.forget(self.fd)
            os.close(self.fd)
            self.fd = -1

    def drop(self):
        if self.spool >= 0:
            os.close(self.spool)
            self.spool = -1


class Stdin:
    """Standard input of a command; counts what it took, so that a client can go on after a cut."""

    def __init__(self, runner, fd):
        self.runner = runner
        self.fd = fd
        self.pieces = []
        self.waiting = 0
        self.received = 0
        self.ended = fd < 0
        self.channel = None  # of the last client that attached: it gets the credits

    def push(self, payload):
        if self.ended:
            self.credit(len(payload))
            return
        self.received += len(payload)
        self.pieces.append(payload)
        self.waiting += len(payload)
        self.write()

    def finish(self):
        if not self.ended:
            self.ended = True
            self.write()

    def credit(self, size):
        if size and self.channel is not None:
            self.channel.grant(size)

    def write(self, mask=0):
        while self.pieces and self.fd >= 0:
            piece = self.pieces[0]
            try:
                size = os.write(self.fd, piece)
            except (BlockingIOError, InterruptedError):
                self.runner.loop.watch(self.fd, OUT, self.write)
                return
            except OSError:
                self.close()
                return
            self.waiting -= size
            if size == len(piece):
                del self.pieces[0]
            else:
                self.pieces[0] = piece[size:]
            self.credit(size)
        if self.fd >= 0:
            self.runner.loop.forget(self.fd)
            if self.ended:
                self.close()

    def close(self):
        if self.fd >= 0:
            self.runner.loop.forget(self.fd)
            os.close(self.fd)
            self.fd = -1
        self.ended = True
        waiting, self.pieces, self.waiting = self.waiting, [], 0
        self.credit(waiting)


class Command:
    """One command, from its start until the sandbox ends."""

    def __init__(self, runner, spec, identity, digest):
        self.runner = runner
        self.id = identity
        self.digest = digest
        self.background = spec.get('background') is True
        self.max_output = int_field(spec, 'maxOutputBytes')
        self.deadline_ms = int_field(spec, 'deadlineMs', limit=1 << 40)
        self.started = now()
        self.ticks = time.clock_gettime(time.CLOCK_BOOTTIME) * runner.ticks_per_second
        self.pid = 0
        self.status = None
        self.usage = None
        self.ended = 0.0
        self.reason = None
        self.result = None
        self.dropped = False
        self.followers = []
        self.waiters = []
        self.oom_before = runner.cgroup.oom_kills()
        self.streams = ()
        self.stdin = None
        self.sweeping = False
        self.clean = False

    def start(self, spec):
        argv = spec.get('argv')
        env = spec.get('env', {})
        if type(argv) is not list or not argv or type(env) is not dict:
            raise Garbage('argv')
        for text in argv + list(env) + list(env.values()):
            if type(text) is not str or '\0' in text:
                raise Problem('sandbox.bad_path', 'arguments and variables are texts without NUL')
        environment = dict(self.runner.environment)
        environment.update(env)
        environment['HOLDFAST_COMMAND'] = self.id
        pipes = []
        try:
            for _ in range(2):
                pipes.append(os.pipe2(os.O_CLOEXEC))
            if spec.get('stdin') is True:
                pipes.append(os.pipe2(os.O_CLOEXEC))
            self.spawn(argv, environment, spec.get('cwd', ''), pipes)
        except BaseException:
            for pair in pipes:
                close_quietly(pair[0])
                close_quietly(pair[1])
            raise

    def spawn(self, argv, environment, cwd, pipes):
        runner = self.runner
        if type(cwd) is not str:
            raise Garbage('cwd')
        try:
            os.chdir(os.path.join(runner.workspace, cwd))
        except (OSError, ValueError):
            raise Problem('sandbox.file_not_found', 'no folder %s' % cwd[:200])
        stdin = pipes[2][0] if len(pipes) > 2 else runner.null
        actions = [
            (os.POSIX_SPAWN_DUP2, stdin, 0),
            (os.POSIX_SPAWN_DUP2, pipes[0][1], 1),
            (os.POSIX_SPAWN_DUP2, pipes[1][1], 2),
        ]
        complaint = None
        runner.set_oom_score(b'500')
        try:
            self.pid = os.posix_spawn(
                find_program(argv[0], environment.get('PATH', os.defpath)),
                argv,
                environment,
                file_actions=actions,
                setsid=True,
                setsigmask=(),
                setsigdef=runner.signals,
            )
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE):
                raise Problem('sandbox.ceiling_reached', 'no more processes: %s' % error.strerror)
            missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
            self.status = (127 if missing else 126) << 8
            complaint = '%s: %s\n' % (argv[0][:500], os.strerror(error.errno))
        except UnicodeError:
            raise Problem('sandbox.bad_path', 'arguments and variables must be valid Unicode')
        finally:
            runner.set_oom_score(b'0')
            os.chdir('/')
        for pair in pipes[:2]:
            os.close(pair[1])
        self.streams = tuple(
            Stream(self, index + 1, no_block(pair[0])) for index, pair in enumerate(pipes[:2])
        )
        self.stdin = Stdin(runner, no_block(pipes[2][1]) if len(pipes) > 2 else -1)
        if len(pipes) > 2:
            os.close(pipes[2][0])
        if complaint is not None:
            self.streams[1].total = len(complaint.encode('utf-8', 'replace'))
            self.streams[1].keep(memoryview(complaint.encode('utf-8', 'replace')))

    def watch(self):
        runner = self.runner
        for stream in self.streams:
            runner.loop.watch(stream.fd, IN, stream.on_ready)
        if self.pid == 0:
            runner.loop.after(0, lambda: self.on_exit(self.status, None))
            return
        runner.running[self.pid] = self
        runner.loop.after(self.deadline_ms / 1000.0, self.on_deadline)

    def on_deadline(self):
        if self.status is not None:
            return
        self.reason = self.reason or 'deadline'
        self.signal_all(15)
        self.runner.loop.after(GRACE_S, self.on_grace)

    def on_grace(self):
        if self.result is None:
            self.sweep()

    def members(self):
        runner = self.runner
        owners = runner.processes.owners(runner.alive, runner.running)
        others = [other for other in runner.alive.values() if other is not self]
        found = []
        for pid, (owner, start) in owners.items():
            # One that hid its origin belongs to no command that began after it.
            hidden = owner is None and all(start < other.ticks - 1 for other in others)
            if owner is self or hidden:
                found.append(pid)
        return found

    def signal_all(self, number):
        if self.status is None:
            send_signal(self.pid, number)
        for pid in self.members():
            if pid != self.pid:
                send_signal(pid, number)

    def kill(self, waiter=None):
        if self.result is not None and self.clean:
            if waiter is not None:
                waiter()
            return
        if waiter is not None:
            self.waiters.append(waiter)
        if self.status is None:
            self.reason = self.reason or 'killed'
        self.sweep()

    def sweep(self):
        """Stops, then kills, and comes back until nothing is left."""
        if not self.sweeping:
            self.sweeping = True
            self.sweep_once(0)

    def sweep_once(self, rounds):
        stopped = set()
        for _ in range(8):
            # What is stopped cannot start more, and keeps its place among the allowed processes.
            fresh = [pid for pid in self.members() if pid not in stopped]
            if not fresh:
                break
            for pid in fresh:
                send_signal(pid, 19)
                stopped.add(pid)
        if self.status is None:
            stopped.add(self.pid)
        for pid in stopped:
            send_signal(pid, 9)
        if stopped:
            wait = 0.002 if rounds < 20 else 0.1
            self.runner.loop.after(wait, lambda: self.sweep_once(rounds + 1))
            return
        self.sweeping = False
        self.tidy()

    def tidy(self):
        self.clean = True
        self.runner.alive.pop(self.id, None)
        self.settle()

    def on_exit(self, status, usage):
        self.status = status
        self.usage = usage
        self.ended = now()
        self.stdin.close()
        if self.background:
            for stream in self.streams:
                if stream.fd >= 0:
                    stream.on_ready(IN)
            self.finish()
        elif self.sweeping:
            return
        elif self.pid == 0 or self.runner.no_orphans():
            self.tidy()
        else:
            self.sweep()

    def settle(self):
        """Done when its processes are gone and its output is read to the end."""
        if self.status is None or not self.clean:
            return
        if self.result is not None:
            self.answer_waiters()
            return
        if any(stream.fd >= 0 for stream in self.streams):
            # An end of the pipe may have been handed to a process of another command.
            self.runner.loop.after(1.0, self.give_up_output)
            return
        self.finish()

    def give_up_output(self):
        if self.result is None:
            for stream in self.streams:
                stream.close()
            self.finish()

    def finish(self):
        if self.result is not None:
            return
        self.result = self.to_result()
        for follower in list(self.followers):
            follower.on_result()
        if self.clean:
            self.answer_waiters()
        self.runner.on_finished(self)

    def answer_waiters(self):
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            waiter()

    def to_result(self):
        signalled = os.WIFSIGNALED(self.status)
        number = os.WTERMSIG(self.status) if signalled else 0
        code = None if signalled else os.WEXITSTATUS(self.status)
        end = self.reason or ('signal' if signalled else 'exit')
        if self.reason is None and (number == 9 or code == 137):
            if self.runner.cgroup.oom_kills() > self.oom_before:
                end = 'oom'
        usage = self.usage
        out, err = self.streams
        return {
            'end': end,
            'exitCode': code if end == 'exit' else None,
            'signal': SIGNAL_NAMES.get(number, 'SIG%d' % number) if signalled else None,
            'durationMs': int((self.ended - self.started) * 1000),
            'cpuMs': int((usage.ru_utime + usage.ru_stime) * 1000) if usage else 0,
            'maxMemoryBytes': usage.ru_maxrss * 1024 if usage else 0,
            'stdoutBytes': out.total,
            'stderrBytes': err.total,
            'stdoutKept': out.kept,
            'stderrKept': err.kept,
            'truncated': out.total > out.kept or err.total > err.kept,
        }

    def pump(self):
        for follower in list(self.followers):
            follower.pump()

    def drop_spool(self):
        self.dropped = True
        for stream in self.streams:
            stream.drop()
            stream.kept = 0
        if self.result is not None:
            self.result['stdoutKept'] = self.result['stderrKept'] = 0
            self.result['truncated'] = self.result['stdoutBytes'] + self.result['stderrBytes'] > 0


def find_program(name, path):
    if '/' in name:
        return name
    denied = False
    for folder in path.split(':'):
        full = os.path.join(folder or '.', name)
        if os.access(full, os.X_OK) and not os.path.isdir(full):
            return full
        denied = denied or os.path.exists(full)
    code = errno.EACCES if denied else errno.ENOENT
    raise OSError(code, os.strerror(code))


class Follower:
    """Sends a command's output to one client, from its offsets on; a slow one just lags behind."""

    def __init__(self, command, channel, offsets):
        self.command = command
        self.channel = channel
        self.offsets = [0] + offsets
        self.turn = 0
        self.told = False
        channel.pump = self.pump
        channel.on_close = self.close
        channel.on_data = command.stdin.push
        channel.on_end = command.stdin.finish
        command.stdin.channel = channel
        channel.allowed = UPLOAD_WINDOW - command.stdin.waiting
        command.followers.append(self)

    def begin(self, fresh):
        command = self.command
        left = command.deadline_ms - int((now() - command.started) * 1000)
        self.channel.json(
            ANSWER,
            {
                'fresh': fresh,
                'remainingMs': max(0, left),
                'stdinReceived': command.stdin.received,
                'stdinOpen': not command.stdin.ended,
                'stdinCredit': self.channel.allowed,
            },
        )
        if command.result is not None:
            self.on_result()
        else:
            self.pump()

    def close(self):
        if self in self.command.followers:
            self.command.followers.remove(self)
        if self.command.stdin.channel is self.channel:
            self.command.stdin.channel = None

    def pump(self):
        channel = self.channel
        streams = self.command.streams
        idle = 0
        while idle < 2 and channel.ready():
            stream = streams[self.turn]
            self.turn = 1 - self.turn
            offset = self.offsets[stream.number]
            size = min(stream.kept - offset, channel.credit, PIECE)
            if size <= 0:
                idle += 1
                continue
            idle = 0
            data = os.pread(stream.spool, size, offset)
            if not data:
                break
            self.offsets[stream.number] += len(data)
            channel.credit -= len(data)
            channel.send(OUTPUT, OUTPUT_HEAD.pack(stream.number, offset), data)
        if self.told and channel.open and self.caught_up():
            channel.end()

    def caught_up(self):
        return all(self.offsets[stream.number] >= stream.kept for stream in self.command.streams)

    def on_result(self):
        self.pump()
        self.told = True
        self.channel.json(RESULT, self.command.result)
        if self.channel.open and self.caught_up():
            self.channel.end()


FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
SAFE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
TEMP = '.holdfast-temp-'
GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)  # removed, or another thing now


def to_parts(path):
    """The names of a path as in a manifest; '' is the workspace itself."""
    if path == '':
        return []
    parts = path.split('/')
    if len(path) > 4096 or '\0' in path or any(part in ('', '.', '..') for part in parts):
        raise Problem('sandbox.bad_path', 'not a relative path without . and ..: %s' % path[:200])
    try:
        path.encode('utf-8')
    except UnicodeError:
        raise Problem('sandbox.bad_path', 'not valid Unicode')
    if len(parts) > MAX_DEPTH:
        raise Problem('sandbox.bad_path', 'more than %d folders deep' % MAX_DEPTH)
    return parts


def translate(error, path):
    if isinstance(error, Problem):
        return error
    code = getattr(error, 'errno', 0)
    if code == errno.ENOENT:
        return Problem('sandbox.file_not_found', 'no file %s' % path)
    if code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return Problem('sandbox.disk_full', 'the workspace is full')
    if code in (errno.EMFILE, errno.ENFILE):
        return Problem('sandbox.ceiling_reached', 'too many open files')
    if isinstance(error, OSError):
        return Problem('sandbox.bad_path', '%s: %s' % (path, error.strerror))
    raise error


class Files:
    """The workspace. No step of a path follows a link; every open is relative to its folder."""

    def __init__(self, runner):
        self.runner = runner
        self.root = os.open(runner.workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.cache = {}  # inode -> (key, sha256)
        self.writes = 0

    def open_root(self):
        """Programs may close the workspace to their own user, and so to themselves and to us."""
        if ~os.fstat(self.root).st_mode & 0o700:
            os.fchmod(self.root, 0o700)

    def inside(self, folder, action):
        """Does it also in a folder that its owner has closed, which is as closed again after that."""
        try:
            return action()
        except PermissionError:
            mode = stat.S_IMODE(os.fstat(folder).st_mode)
            if mode & 0o700 == 0o700:
                raise
            os.fchmod(folder, mode | 0o700)
            try:
                return action()
            finally:
                os.fchmod(folder, mode)

    def open_at(self, folder, name, flags):
        """Opens it also if its owner has taken its own right to read."""
        return self.inside(folder, lambda: self.open_closed(folder, name, flags))

    def open_plain(self, folder, name, flags):
        return os.open(name, flags, dir_fd=folder)

    def open_closed(self, folder, name, flags):
        try:
            return os.open(name, flags, dir_fd=folder)
        except PermissionError:
            handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            try:
                mode = os.fstat(handle).st_mode
                if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                    raise
                link = '/proc/self/fd/%d' % handle
                os.chmod(link, stat.S_IMODE(mode) | 0o400)
                try:
                    return os.open(link, flags & ~os.O_NOFOLLOW)
                finally:
                    os.chmod(link, stat.S_IMODE(mode))
            finally:
                os.close(handle)

    def open_folder(self, parts, make=False, closed=True):
        open_at = self.open_at if closed else self.open_plain
        fd = os.dup(self.root)
        try:
            for part in parts:
                try:
                    inner = open_at(fd, part, FOLDER)
                except FileNotFoundError:
                    if not make:
                        raise
                    try:
                        self.inside(fd, lambda: os.mkdir(part, 0o755, dir_fd=fd))
                    except FileExistsError:
                        pass
                    inner = self.open_at(fd, part, FOLDER)
                os.close(fd)
                fd = inner
            return fd
        except BaseException:
            os.close(fd)
            raise

    def open_file(self, parts):
        if not parts:
            raise Problem('sandbox.bad_path', 'the workspace is a folder')
        folder = self.open_folder(parts[:-1])
        try:
            fd = self.open_at(folder, parts[-1], os.O_RDONLY | SAFE)
        finally:
            os.close(folder)
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            os.close(fd)
            raise Problem('sandbox.bad_path', '%s is no file' % '/'.join(parts))
        return fd, info

    def read(self, channel, spec):
        path = text_field(spec, 'path')
        offset = int_field(spec, 'offset', 0)
        try:
            fd, info = self.open_file(to_parts(path))
        except (OSError, Problem) as error:
            raise translate(error, path)
        end = min(info.st_size, offset + int_field(spec, 'length', 1 << 53))
        position = [offset]

        def pump():
            while position[0] < end and channel.ready():
                size = min(end - position[0], channel.credit, PIECE)
                data = os.pread(fd, size, position[0])
                if not data:
                    position[0] = end
                    break
                position[0] += len(data)
                channel.data(data)
            if position[0] >= end:
                channel.end()

        channel.on_close = lambda: os.close(fd)
        channel.json(ANSWER, {'size': max(0, end - offset)})
        channel.pump = pump
        pump()

    def write(self, channel, spec):
        path = text_field(spec, 'path')
        parts = to_parts(path)
        mode = int_field(spec, 'mode', 0o644) & 0o7777
        if not parts:
            raise Problem('sandbox.bad_path', 'the workspace is a folder')
        self.writes += 1
        name = '%s%d-%d' % (TEMP, os.getpid(), self.writes)
        folder = fd = -1
        try:
            folder = self.open_folder(parts[:-1], True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFE
            fd = self.inside(folder, lambda: os.open(name, flags, 0o600, dir_fd=folder))
        except (OSError, Problem) as error:
            if folder >= 0:
                os.close(folder)
            raise translate(error, path)
        done = [False]

        def on_close():
            if not done[0]:
                try:
                    self.inside(folder, lambda: os.unlink(name, dir_fd=folder))
                except OSError:
                    pass
            os.close(fd)
            os.close(folder)

        def on_data(payload):
            size = len(payload)
            try:
                data = memoryview(payload)
                while data:
                    data = data[os.write(fd, data) :]
            except OSError as error:
                channel.fail(translate(error, path))
                return
            channel.grant(size)

        def on_end():
            try:
                os.fchmod(fd, mode)
                ends = {'src_dir_fd': folder, 'dst_dir_fd': folder}
                self.inside(folder, lambda: os.rename(name, parts[-1], **ends))
                done[0] = True
            except OSError as error:
                channel.fail(translate(error, path))
                return
            channel.json(RESULT, {})
            channel.close()

        channel.on_close = on_close
        channel.on_data = on_data
        channel.on_end = on_end
        channel.grant(UPLOAD_WINDOW)

    def make(self, channel, spec):
        path = text_field(spec, 'path')
        parts = to_parts(path)
        try:
            if spec.get('kind') == 'link':
                self.make_link(parts, text_field(spec, 'target'))
            else:
                self.make_folder(parts, int_field(spec, 'mode', 0o755) & 0o7777)
        except (OSError, Problem) as error:
            raise translate(error, path)
        channel.json(RESULT, {})
        channel.close()

    def make_folder(self, parts, mode):
        fd = self.open_folder(parts, True)
        try:
            if parts:
                os.fchmod(fd, mode)
        finally:
            os.close(fd)

    def make_link(self, parts, target):
        if not parts or not target or '\0' in target:
            raise Problem('sandbox.bad_path', 'a link needs a path and a target')
        folder = self.open_folder(parts[:-1], True)
        try:
            self.inside(folder, lambda: os.symlink(target, parts[-1], dir_fd=folder))
        except UnicodeError:
            raise Problem('sandbox.bad_path', 'not valid Unicode')
        except FileExistsError:
            try:
                link = self.inside(folder, lambda: os.readlink(parts[-1], dir_fd=folder))
                same = link == target
            except OSError:
                same = False
            if not same:
                raise
        finally:
            os.close(folder)

    def remove(self, channel, spec):
        path = text_field(spec, 'path')
        parts = to_parts(path)

        def work():
            try:
                yield from self.remove_steps(parts)
                channel.json(RESULT, {})
                channel.close()
            except (OSError, Problem) as error:
                problem = translate(error, path)
                if problem.code == 'sandbox.file_not_found':
                    channel.json(RESULT, {})
                    channel.close()
                else:
                    channel.fail(problem)

        self.runner.loop.work(work())

    def remove_steps(self, parts):
        if not parts:
            for name in self.names([]):
                yield from self.remove_steps([name])
            return
        folder = self.open_folder(parts[:-1])
        try:
            self.inside(folder, lambda: os.unlink(parts[-1], dir_fd=folder))
            return
        except OSError as error:
            if error.errno not in (errno.EISDIR, errno.EPERM):
                raise
        finally:
            os.close(folder)
        # Depth first without recursion: a tree may be deeper than Python's stack or our open files.
        pending = [list(parts)]
        while pending:
            yield
            current = pending[-1]
            if len(current) > MAX_DEPTH // 2:
                current = pending[-1] = self.lift(current)
            deeper = self.empty(current)
            if deeper:
                pending.append(current + [deeper])
            else:
                pending.pop()

    def lift(self, parts):
        """Moves a folder to the top, so that paths stay short however deep a tree is."""
        self.writes += 1
        name = '%s%d-%d' % (TEMP, os.getpid(), self.writes)
        folder = self.open_folder(parts[:-1])
        try:
            ends = {'src_dir_fd': folder, 'dst_dir_fd': self.root}
            self.inside(folder, lambda: os.rename(parts[-1], name, **ends))
        finally:
            os.close(folder)
        return [name]

    def empty(self, parts):
        """Removes what can be removed at once; answers with a folder in it that is not empty."""
        try:
            parent = self.open_folder(parts[:-1])
        except FileNotFoundError:
            return None
        try:
            try:
                fd = self.open_at(parent, parts[-1], FOLDER)
            except FileNotFoundError:
                return None
            try:
                os.fchmod(fd, 0o700)
                for name in os.listdir(fd):
                    try:
                        os.unlink(name, dir_fd=fd)
                    except FileNotFoundError:
                        pass
                    except OSError as error:
                        if error.errno not in (errno.EISDIR, errno.EPERM):
                            raise
                        try:
                            os.rmdir(name, dir_fd=fd)
                        except OSError as inner:
                            if inner.errno in (errno.ENOTEMPTY, errno.EEXIST):
                                return name
                            raise
            finally:
                os.close(fd)
            self.inside(parent, lambda: os.rmdir(parts[-1], dir_fd=parent))
            return None
        finally:
            os.close(parent)

    def names(self, parts):
        fd = self.open_folder(parts)
        try:
            return sorted(os.listdir(fd))
        finally:
            os.close(fd)

    def walk(self, parts, whole):
        """Yields (parts, folder fd, name, lstat) of everything below, special files left out.

        If it must be the whole, closed folders are looked into, and what cannot be read is a failure:
        what is missing in a listing counts as removed. A mere look does not touch anything.
        """
        count = 0
        pending = [list(parts)]
        while pending:
            current = pending.pop()
            try:
                fd = self.open_folder(current, closed=whole)
            except OSError as error:
                if current == parts or error.errno in (errno.EMFILE, errno.ENFILE):
                    raise
                if whole and error.errno not in GONE:
                    raise translate(error, '/'.join(current))
                # It was removed or replaced meanwhile.
                continue
            try:
                for name in os.listdir(fd):
                    look = lambda: os.stat(name, dir_fd=fd, follow_symlinks=False)
                    try:
                        name.encode('utf-8')
                        info = self.inside(fd, look) if whole else look()
                    except UnicodeError:
                        continue
                    except OSError as error:
                        if whole and error.errno not in GONE:
                            raise translate(error, '/'.join(current + [name]))
                        continue
                    mode = info.st_mode
                    known = stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
                    if not known or name.startswith(TEMP):
                        continue
                    count += 1
                    if count > MAX_ENTRIES:
                        raise Problem(
                            'sandbox.too_many_files', 'more than %d entries' % MAX_ENTRIES
                        )
                    yield current + [name], fd, name, info
                    if stat.S_ISDIR(mode):
                        if len(current) >= MAX_DEPTH:
                            raise Problem('sandbox.too_many_files', 'folders are nested too deeply')
                        pending.append(current + [name])
            finally:
                os.close(fd)

    def list(self, channel, spec):
        path = text_field(spec, 'path') if spec.get('path') else ''
        parts = to_parts(path)

        def work():
            batch, size, seen, at = [], 0, set(), path
            try:
                for where, fd, name, info in self.walk(parts, True):
                    at = '/'.join(where)
                    entry = {'path': at}
                    mode = info.st_mode
                    if stat.S_ISDIR(mode):
                        entry.update(kind='folder', mode=stat.S_IMODE(mode))
                    elif stat.S_ISLNK(mode):
                        try:
                            target = self.inside(fd, lambda: os.readlink(name, dir_fd=fd))
                            target.encode('utf-8')
                        except UnicodeError:
                            continue
                        except OSError as error:
                            # EINVAL: it is no link any more.
                            if error.errno in GONE or error.errno == errno.EINVAL:
                                continue
                            raise
                        entry.update(kind='link', target=target)
                    else:
                        hashed = yield from self.hash(fd, name, info)
                        if hashed is None:
                            continue
                        seen.add(info.st_ino)
                        entry.update(kind='file', mode=stat.S_IMODE(mode))
                        entry.update(sha256=hashed[0], sizeBytes=hashed[1])
                    batch.append(dumps(entry))
                    size += len(batch[-1])
                    if size > PIECE:
                        yield from self.flush(channel, batch)
                        batch, size = [], 0
                    yield
                if batch:
                    yield from self.flush(channel, batch)
                channel.end()
                if not parts:
                    for inode in set(self.cache) - seen:
                        del self.cache[inode]
            except (OSError, Problem) as error:
                channel.fail(translate(error, at))

        self.runner.loop.work(work())

    def flush(self, channel, batch):
        data = ('[' + ','.join(batch) + ']').encode()
        while channel.open and not channel.ready():
            yield channel
        channel.data(data)

    def hash(self, folder, name, info):
        """(sha256, size), from the cache if nothing about the file has changed."""
        key = (info.st_mtime_ns, info.st_ctime_ns, info.st_size)
        known = self.cache.get(info.st_ino)
        if known is not None and known[0] == key:
            return known[1], info.st_size
        try:
            fd = self.open_at(folder, name, os.O_RDONLY | SAFE)
        except OSError as error:
            if error.errno in GONE:
                return None
            raise
        try:
            before = os.fstat(fd)
            if not stat.S_ISREG(before.st_mode):
                return None
            digest = sha256()
            size = 0
            while True:
                data = os.read(fd, CHUNK)
                if not data:
                    break
                digest.update(data)
                size += len(data)
                yield
            after = os.fstat(fd)
        finally:
            os.close(fd)
        # A change within the clock's granularity would keep its times: fresh files are read again.
        key = (after.st_mtime_ns, after.st_ctime_ns, after.st_size)
        same = (before.st_mtime_ns, before.st_ctime_ns, before.st_size) == key
        old = time.time_ns() - max(after.st_mtime_ns, after.st_ctime_ns) > 50000000
        if same and old and size == after.st_size and len(self.cache) < 2 * MAX_ENTRIES:
            self.cache[after.st_ino] = (key, digest.hexdigest())
        return digest.hexdigest(), size

    def watch(self, channel, spec):
        path = text_field(spec, 'path') if spec.get('path') else ''
        parts = to_parts(path)
        since = int_field(spec, 'sinceMs', 0)
        state = {'known': None, 'changed': {}}

        def look():
            begin = now()
            at = time.time_ns() // 1000000
            seen = {}
            try:
                for where, _, _, info in self.walk(parts, False):
                    seen['/'.join(where)] = (
                        info.st_ino,
                        info.st_mtime_ns,
                        info.st_ctime_ns,
                        info.st_size,
                        info.st_mode,
                    )
                    yield
                    if not channel.open:
                        return
            except (OSError, Problem) as error:
                channel.fail(translate(error, path))
                return
            known, changed = state['known'], state['changed']
            if known is not None:
                changed.update((p, 1) for p in seen if known.get(p) != seen[p])
                changed.update((p, 1) for p in known if p not in seen)
            elif since:
                # A client that lost its connection: what changed since it was last told.
                changed.update((p, 1) for p, v in seen.items() if v[2] // 1000000 >= since)
            if known is None:
                channel.json(ANSWER, {'atMs': at})
            state['known'] = seen
            while changed and channel.ready():
                batch = list(changed)[:500]
                channel.data(dumps({'atMs': at, 'paths': batch}).encode())
                for each in batch:
                    del changed[each]
            wait = max(WATCH_S, 10 * (now() - begin))
            self.runner.loop.after(wait, again)

        def again():
            if channel.open:
                self.runner.loop.work(look())

        again()


class Pipe:
    """One direction between two sockets, with a bounded buffer and half-close."""

    def __init__(self, pair, source, target):
        self.pair = pair
        self.source = source
        self.target = target
        self.data = b''
        self.ended = False
        self.done = False


class Pair:
    """Two sockets that see each other's bytes: a program inside, and the proxy outside."""

    def __init__(self, runner, one, other):
        self.runner = runner
        self.sockets = (one, other)
        self.pipes = (Pipe(self, one, other), Pipe(self, other, one))
        self.watch()

    def watch(self):
        for pipe, back in (self.pipes, self.pipes[::-1]):
            fd = pipe.source.fileno()
            mask = (IN if not pipe.data and not pipe.ended else 0) | (OUT if back.data else 0)
            if mask:
                self.runner.loop.watch(fd, mask, lambda _, p=pipe, b=back: self.on_ready(p, b))
            else:
                # Without interest, a hang-up would still wake the loop for ever.
                self.runner.loop.forget(fd)

    def on_ready(self, pipe, back):
        try:
            if not pipe.data and not pipe.ended:
                self.fill(pipe)
            self.drain(pipe)
            self.drain(back)
        except OSError:
            self.close()
            return
        if all(each.done for each in self.pipes):
            self.close()
        else:
            self.watch()

    def fill(self, pipe):
        try:
            pipe.data = pipe.source.recv(65536)
            pipe.ended = not pipe.data
        except (BlockingIOError, InterruptedError):
            pass

    def drain(self, pipe):
        if pipe.data:
            try:
                pipe.data = pipe.data[pipe.target.send(pipe.data) :]
            except (BlockingIOError, InterruptedError):
                return
        if pipe.ended and not pipe.data and not pipe.done:
            pipe.done = True
            try:
                pipe.target.shutdown(_socket.SHUT_WR)
            except OSError:
                pass

    def close(self):
        for each in self.sockets:
            self.runner.loop.forget(each.fileno())
            each.close()
        self.runner.forwards.discard(self)


class Dial:
    """A connection to a port inside, over a channel."""

    def __init__(self, runner, channel, port):
        self.runner = runner
        self.channel = channel
        self.port = port
        self.pieces = []
        self.ending = False  # the client sends no more
        self.eof = False  # the program sends no more
        self.connected = False
        self.socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC, 0)
        self.socket.setblocking(False)
        self.socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        channel.on_close = self.close
        self.socket.connect_ex(('127.0.0.1', port))
        runner.loop.watch(self.socket.fileno(), OUT, self.on_connect)

    def on_connect(self, mask):
        code = self.socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
        if code:
            self.channel.fail(
                Problem('sandbox.unavailable', 'port %d: %s' % (self.port, os.strerror(code)))
            )
            return
        self.connected = True
        self.channel.json(ANSWER, {})
        self.channel.on_data = self.on_data
        self.channel.on_end = self.on_end
        self.channel.pump = self.watch
        self.channel.grant(UPLOAD_WINDOW)
        self.watch()

    def watch(self):
        if not self.channel.open:
            return
        fd = self.socket.fileno()
        mask = OUT if self.pieces else 0
        if not self.eof and self.channel.ready():
            mask |= IN
        if mask:
            self.runner.loop.watch(fd, mask, self.on_ready)
        else:
            self.runner.loop.forget(fd)

    def on_ready(self, mask):
        try:
            if not self.eof and self.channel.ready() and mask & (IN | HUP):
                data = self.socket.recv(min(PIECE, self.channel.credit))
                if data:
                    self.channel.data(data)
                else:
                    self.eof = True
                    self.channel.send(END)
            self.write()
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self.channel.fail(Problem('sandbox.unavailable', os.strerror(error.errno)))
            return
        if self.eof and self.ending and not self.pieces:
            self.channel.close()
        else:
            self.watch()

    def write(self):
        while self.pieces:
            piece = self.pieces[0]
            sent = self.socket.send(piece)
            if sent == len(piece):
                del self.pieces[0]
            else:
                self.pieces[0] = piece[sent:]
            self.channel.grant(sent)
        if self.ending:
            try:
                self.socket.shutdown(_socket.SHUT_WR)
            except OSError:
                pass

    def on_data(self, payload):
        self.pieces.append(payload)
        self.on_ready(0)

    def on_end(self):
        self.ending = True
        self.on_ready(0)

    def close(self):
        self.runner.loop.forget(self.socket.fileno())
        self.socket.close()


class Runner:
    def __init__(self, options):
        self.options = options
        self.workspace = options['workspace']
        self.loop = Loop()
        self.cgroup = Cgroup()
        self.buffer = bytearray(CHUNK)
        self.commands = {}
        self.alive = {}  # those that may still have processes
        self.running = {}  # pid -> Command
        self.spooled = []
        self.connections = set()
        self.wire = None
        self.forwards = set()
        self.ticks_per_second = os.sysconf('SC_CLK_TCK')
        self.born = now()
        self.dies = self.born + min(options['ttl-ms'], options['max-ttl-ms']) / 1000.0
        self.null = os.open('/dev/null', os.O_RDWR | os.O_CLOEXEC)
        self.signals = [
            number
            for number in range(1, 32)
            if number not in (9, 19) and _signal.getsignal(number) is not None
        ]
        self.open_oom_score()
        # Closes /proc/<this>/environ, mem and fd, and tracing, to code of the same user.
        prctl(4, 0)
        self.processes = Processes()
        os.makedirs(options['spool'], 0o700, exist_ok=True)
        self.files = Files(self)
        self.environment = self.to_environment()
        self.operations = {
            'exec': self.exec,
            'attach': self.attach,
            'signal': self.signal,
            'dial': self.dial,
            'extend': self.extend,
            'stats': self.stats,
            'read': self.files.read,
            'write': self.files.write,
            'make': self.files.make,
            'remove': self.files.remove,
            'list': self.files.list,
            'watch': self.files.watch,
        }

    def open_oom_score(self):
        # Opened while this process is still dumpable: its own files in /proc close with it.
        self.oom_score = -1
        try:
            self.oom_score = os.open('/proc/self/oom_score_adj', os.O_RDWR | os.O_CLOEXEC)
            self.own_oom_score = os.read(self.oom_score, 16).strip()
        except OSError:
            pass

    def set_oom_score(self, value):
        # Children inherit it: under pressure the kernel takes them before this process.
        if self.oom_score >= 0:
            try:
                os.pwrite(self.oom_score, self.own_oom_score if value == b'0' else value, 0)
            except OSError:
                pass

    def to_environment(self):
        environment = dict(os.environ)
        if self.options['egress'] is None:
            return environment
        proxy = 'http://127.0.0.1:%d' % self.options['proxy-port']
        for name in ('HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'):
            environment[name] = environment[name.lower()] = proxy
        environment['NO_PROXY'] = environment['no_proxy'] = 'localhost,127.0.0.1,::1'
        environment['NODE_USE_ENV_PROXY'] = '1'
        environment['PIP_PROXY'] = environment['npm_config_proxy'] = proxy
        environment['npm_config_https_proxy'] = proxy
        return environment

    def start(self):
        read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        _signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        _signal.signal(_signal.SIGCHLD, lambda *_: None)
        self.loop.watch(read, IN, lambda _: self.on_signal(read))
        self.heed_requests_to_end()
        if self.options['socket'] is not None:
            self.listen(self.options['socket'])
        if self.options['egress'] is not None:
            self.listen_for_programs()
        if self.options['stdio']:
            self.use_stdio()
        self.loop.after(self.dies - now(), self.on_ttl)
        self.loop.run()

    def heed_requests_to_end(self):
        """A program that ends all others by name, or by accident, must not end the sandbox."""
        numbers = (_signal.SIGTERM, _signal.SIGINT)
        inside = self.processes.first and self.options['refuse-inside']
        fd = signal_file(numbers) if inside else -1
        for number in numbers:
            # The kernel keeps from a first process what it does not handle.
            _signal.signal(number, _signal.SIG_DFL if inside else lambda *_: None)
        if fd >= 0:
            self.loop.watch(fd, IN, lambda _: self.on_request_to_end(fd))

    def on_request_to_end(self, fd):
        # Who is outside of our process namespace has no number here: the kernel says 0.
        if U32_HERE.unpack_from(os.read(fd, 128), 12)[0] == 0:
            self.end(143, 'terminated')

    def listen(self, path):
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC, 0)
        server.setblocking(False)
        server.bind(path)
        # The folder decides who may connect; the host's process may have another user than ours.
        os.chmod(path, 0o666)
        server.listen(64)
        self.server = server
        self.loop.watch(server.fileno(), IN, lambda _: self.accept(server))

    def accept(self, server):
        try:
            fd, _ = server._accept()
        except OSError:
            return
        os.set_inheritable(fd, False)
        if len(self.connections) >= MAX_CONNECTIONS or not self.is_welcome(fd):
            os.close(fd)
            return
        no_block(fd)
        self.connections.add(Connection(self, fd, fd))

    def is_welcome(self, fd):
        """A process outside of our process namespace has no number here: the kernel says 0."""
        if not self.options['refuse-inside']:
            return True
        peer = _socket.socket(fileno=fd)
        try:
            raw = peer.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
        finally:
            peer.detach()
        return Struct('i').unpack_from(raw)[0] == 0

    def use_stdio(self):
        fd_in, fd_out = os.dup(0), os.dup(1)
        os.dup2(self.null, 0)
        os.dup2(2, 1)
        for fd in (fd_in, fd_out):
            os.set_inheritable(fd, False)
            no_block(fd)
        self.wire = Wire(self, fd_in, fd_out)

    def on_closed(self, connection):
        self.connections.discard(connection)
        if connection is self.wire and self.options['socket'] is None:
            self.end(0, 'terminated')

    def listen_for_programs(self):
        server = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC, 0)
        server.setblocking(False)
        server.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        server.bind(('127.0.0.1', self.options['proxy-port']))
        server.listen(64)
        self.proxy_server = server
        self.loop.watch(server.fileno(), IN, lambda _: self.forward(server))

    def forward(self, server):
        try:
            fd, _ = server._accept()
        except OSError:
            return
        os.set_inheritable(fd, False)
        program = _socket.socket(fileno=fd)
        program.setblocking(False)
        family, place = self.find_proxy()
        proxy = _socket.socket(family, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC, 0)
        proxy.setblocking(False)
        try:
            if len(self.forwards) >= MAX_FORWARDS:
                raise OSError(errno.EMFILE, 'too many')
            proxy.connect(place)
        except BlockingIOError:
            pass  # what is sent or received until it is connected waits as for a slow peer
        except OSError:
            program.close()
            proxy.close()
            return
        self.forwards.add(Pair(self, program, proxy))

    def find_proxy(self):
        egress = self.options['egress']
        if not egress.startswith('gateway:'):
            return _socket.AF_UNIX, egress
        # The host has the first address of the only network, which may come and go.
        address = '127.0.0.1'
        for line in read_text('/proc/net/route').split('\n')[1:]:
            fields = line.split()
            if len(fields) > 7 and int(fields[7], 16):
                first = U32_HERE.pack(int(fields[1], 16))
                address = '.'.join(map(str, first[:3])) + '.%d' % (first[3] + 1)
        return _socket.AF_INET, (address, int(egress[8:]))

    def on_signal(self, fd):
        numbers = os.read(fd, 4096)
        if _signal.SIGTERM in numbers or _signal.SIGINT in numbers:
            self.end(143, 'terminated')
        self.reap()

    def reap(self):
        exits = []
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except OSError:
                break
            if pid == 0:
                break
            command = self.running.pop(pid, None)
            if command is not None:
                exits.append((command, status, usage))
        for command, status, usage in exits:
            self.loop.guard(command.on_exit, status, usage)

    def no_orphans(self):
        children = self.processes.children()
        if children is None:
            return False
        return all(pid in self.running for pid in children)

    def on_request(self, channel, spec):
        operation = self.operations.get(text_field(spec, 'op', 16))
        self.files.open_root()
        # A client that holds unread output from before a cut asks for less at first.
        channel.credit = int_field(spec, 'credit', WINDOW, WINDOW)
        try:
            if operation is None:
                raise Problem('request.invalid', 'no such operation')
            operation(channel, spec)
        except (Problem, OSError) as error:
            channel.fail(translate(error, str(spec.get('op'))))

    def offsets(self, spec):
        return [int_field(spec, 'stdoutFrom', 0), int_field(spec, 'stderrFrom', 0)]

    def exec(self, channel, spec):
        identity = text_field(spec, 'id', 128)
        digest = text_field(spec, 'hash', 128)
        command = self.commands.get(identity)
        fresh = command is None
        if fresh:
            command = self.begin(spec, identity, digest)
        elif command.digest != digest:
            raise Problem('sandbox.command_conflict', '%s is another command' % identity)
        Follower(command, channel, self.offsets(spec)).begin(fresh)
        if fresh:
            command.watch()

    def begin(self, spec, identity, digest):
        if len(self.running) >= MAX_RUNNING or len(self.commands) >= MAX_COMMANDS:
            raise Problem('sandbox.ceiling_reached', 'too many commands in this sandbox')
        command = Command(self, spec, identity, digest)
        if not identity or '\0' in identity:
            raise Garbage('id')
        command.start(spec)
        self.commands[identity] = self.alive[identity] = command
        return command

    def attach(self, channel, spec):
        Follower(self.find(spec), channel, self.offsets(spec)).begin(False)

    def find(self, spec):
        identity = text_field(spec, 'id', 128)
        command = self.commands.get(identity)
        if command is None:
            raise Problem('sandbox.command_not_found', 'no command %s' % identity)
        return command

    def signal(self, channel, spec):
        command = self.find(spec)
        number = SIGNALS.get(text_field(spec, 'name', 16))
        if number is None:
            raise Garbage('signal')

        def answer():
            channel.json(RESULT, {})
            channel.close()

        if number == 9:
            command.kill(answer)
            return
        if command.id in self.alive:
            command.signal_all(number)
        answer()

    def open_spool(self):
        path = '%s/%d' % (self.options['spool'], time.monotonic_ns())
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        # Without a name, only through this process, whose /proc is closed to the code inside.
        os.unlink(path)
        return fd

    def on_finished(self, command):
        if any(stream.spool >= 0 for stream in command.streams):
            self.spooled.append(command)
        kept = sum(stream.kept for each in self.spooled for stream in each.streams)
        while len(self.spooled) > MAX_SPOOLED or (
            kept > self.options['spool-bytes'] and len(self.spooled) > 1
        ):
            kept -= sum(stream.kept for stream in self.spooled[0].streams)
            self.drop_spools(1)

    def drop_spools(self, count):
        """Gives up the output of the commands that ended first; False if there is none."""
        for command in self.spooled[:count]:
            command.drop_spool()
        dropped = len(self.spooled[:count])
        del self.spooled[:count]
        return dropped > 0

    def dial(self, channel, spec):
        port = int_field(spec, 'port', limit=65535)
        Dial(self, channel, port)

    def extend(self, channel, spec):
        wanted = now() + int_field(spec, 'ttlMs') / 1000.0
        latest = self.born + self.options['max-ttl-ms'] / 1000.0
        self.dies = max(self.dies, min(wanted, latest))
        self.loop.after(self.dies - now(), self.on_ttl)
        channel.json(RESULT, {'leftMs': int((self.dies - now()) * 1000)})
        channel.close()

    def on_ttl(self):
        if now() >= self.dies:
            self.end(124, 'ttl')

    def stats(self, channel, spec):
        cgroup = self.cgroup
        memory = cgroup.number('memory.current', 'memory/memory.usage_in_bytes')
        limit = cgroup.number('memory.max', 'memory/memory.limit_in_bytes')
        cpu = cgroup.cpu_ms()
        pids = cgroup.number('pids.current', 'pids/pids.current')
        if limit is None or pids is None:
            # No group of our own: count what descends from this process.
            owners = self.processes.owners(self.alive, self.running)
            pids = len(owners) + 1
            pages = 0
            for pid in [self.processes.me] + list(owners):
                fields = read_text('/proc/%d/statm' % pid, 256).split()
                pages += int(fields[1]) if len(fields) > 1 else 0
            memory = pages * os.sysconf('SC_PAGE_SIZE')
            times = os.times()
            cpu = int(sum(times[:4]) * 1000)
        disk = os.statvfs(self.workspace)
        channel.json(
            RESULT,
            {
                'memoryBytes': memory or 0,
                'memoryLimitBytes': limit or 0,
                'cpuMs': cpu or 0,
                'pids': pids,
                'diskBytes': (disk.f_blocks - disk.f_bfree) * disk.f_frsize,
                'diskLimitBytes': disk.f_blocks * disk.f_frsize,
            },
        )
        channel.close()

    def end(self, code, reason):
        """Ends the sandbox: everything in it dies before this process."""
        for connection in list(self.connections):
            connection.send(GOODBYE, 0, dumps({'reason': reason}).encode())
        if self.processes.first:
            send_signal(-1, 9)
        else:
            self.kill_all()
        if self.options['socket'] is not None:
            try:
                os.unlink(self.options['socket'])
            except OSError:
                pass
        os._exit(code)

    def kill_all(self):
        until = now() + 2
        while now() < until:
            pids = self.processes.owners(self.alive, self.running)
            if not pids:
                return
            for number in (19, 9):
                for pid in pids:
                    send_signal(pid, number)
            try:
                while os.wait4(-1, os.WNOHANG)[0]:
                    pass
            except OSError:
                pass
            time.sleep(0.002)


def to_options(argv):
    options = {
        'socket': None,
        'workspace': '/workspace',
        'ttl-ms': 0,
        'max-ttl-ms': 0,
        'egress': None,
        'proxy-port': 3128,
        'spool': '/tmp/.holdfast',
        'spool-bytes': 64 << 20,
        'stdio': False,
        'refuse-inside': False,
    }
    at = 0
    while at < len(argv):
        name = argv[at][2:]
        if not argv[at].startswith('--') or name not in options:
            raise SystemExit('unknown option %s' % argv[at])
        if type(options[name]) is bool:
            options[name] = True
            at += 1
            continue
        if at + 1 >= len(argv):
            raise SystemExit('%s needs a value' % argv[at])
        value = argv[at + 1]
        options[name] = int(value) if type(options[name]) is int else value
        at += 2
    if options['socket'] is None and not options['stdio']:
        raise SystemExit('needs --socket PATH or --stdio')
    if options['ttl-ms'] <= 0 or options['max-ttl-ms'] < options['ttl-ms']:
        raise SystemExit('needs --ttl-ms and --max-ttl-ms, which is no smaller')
    return options


def main():
    os.umask(0o022)
    tell_denied()
    for fd in (0, 1, 2):
        # Closed standard streams would give their numbers to pipes of commands.
        try:
            os.fstat(fd)
        except OSError:
            os.open('/dev/null', os.O_RDWR)
    Runner(to_options(sys.argv[1:])).start()


if __name__ == '__main__':
    main()
