import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { SandboxImage } from '../../contracts/sandbox.ts';
import { latestName } from '../../scripts/sandbox-images/build.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import type Docker from 'dockerode';

const MIB = 1024 * 1024;
const IMAGES: readonly SandboxImage[] = ['base', 'python', 'node', 'browser'];
const { reason, docker } = await dockerForTests(IMAGES);

interface Output {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A container as sandboxes are, but for its first process, which only waits. */
async function start(image: SandboxImage): Promise<Docker.Container> {
  const memory = (image === 'browser' ? 768 : 512) * MIB;
  const owner = 'uid=1000,gid=1000,mode=0700';
  const container = await docker.createContainer({
    Image: latestName(image),
    Entrypoint: ['sleep', 'infinity'],
    User: '1000:1000',
    HostConfig: {
      AutoRemove: true,
      Init: true,
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      IpcMode: 'none',
      Memory: memory,
      MemorySwap: memory,
      NanoCpus: 1e9,
      PidsLimit: image === 'browser' ? 256 : 128,
      LogConfig: { Type: 'none', Config: {} },
      Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 4096 }],
      Tmpfs: {
        '/tmp': `rw,nosuid,nodev,exec,size=96m,${owner}`,
        '/workspace': `rw,nosuid,nodev,exec,size=128m,${owner}`,
      },
    },
  });
  await container.start();
  return container;
}

async function run(container: Docker.Container, ...argv: readonly string[]): Promise<Output> {
  const exec = await container.exec({ Cmd: [...argv], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({ hijack: false, stdin: false });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, stdout, stderr);
  stream.on('end', () => [stdout, stderr].forEach((one) => one.end()));
  const [out, err] = await Promise.all([text(stdout), text(stderr)]);
  const { ExitCode } = await exec.inspect();
  return { exitCode: ExitCode ?? -1, stdout: out, stderr: err };
}

function describeImage(
  image: SandboxImage,
  tests: (script: (code: string) => Promise<Output>) => void,
): void {
  describeUnless(reason, `the image ${image}`, () => {
    let container: Docker.Container | undefined;
    beforeAll(async () => {
      container = await start(image);
    });
    afterAll(async () => {
      await container?.remove({ force: true });
    });
    const script = async (code: string): Promise<Output> => {
      if (container === undefined) throw new Error('the container is not there');
      return run(container, 'bash', '-c', code);
    };

    test('is used by a user without rights, whose folder is /workspace', async () => {
      const { stdout } = await script('id; pwd; echo text > file; stat -c %U:%G file');
      expect(stdout).toBe(
        'uid=1000(sandbox) gid=1000(sandbox) groups=1000(sandbox)\n/workspace\nsandbox:sandbox\n',
      );
    });

    test('has no program that gives rights', async () => {
      const find =
        'find / -xdev -perm /6000 -type f 2> /dev/null; getcap -r / 2> /dev/null; echo .';
      expect((await script(find)).stdout).toBe('.\n');
    });

    test('keeps its root as it is', async () => {
      const { stdout } = await script('touch /opt/x /usr/x /etc/x; echo $?; cat /proc/self/status');
      expect(stdout).toMatch(/^1\n/);
      expect(stdout).toMatch(/^CapBnd:\s+0+$/m);
      expect(stdout).toMatch(/^NoNewPrivs:\s+1$/m);
    });

    test('carries the runner and names its content', async () => {
      const { Config } = await docker.getImage(latestName(image)).inspect();
      expect(Config.Entrypoint).toEqual(['python3', '-I', '/opt/holdfast/runner.pyc']);
      expect(Config.Labels).toMatchObject({
        'dev.holdfast.image': image,
        'dev.holdfast.content': expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      const { stdout } = await script('sha256sum < /opt/holdfast/runner.py');
      const runner = await readFile('sandbox-images/runner/holdfast_runner.py');
      expect(stdout.split(' ', 1)).toEqual([createHash('sha256').update(runner).digest('hex')]);
    });

    tests(script);
  });
}

describeImage('base', (script) => {
  test('has the usual tools, and Python with ctypes', async () => {
    const tools = 'git curl rg jq patch unzip zip ps python3';
    const { stdout } = await script(
      `for tool in ${tools}; do command -v $tool > /dev/null || echo no $tool; done
       python3 -c 'import ctypes, ssl, sqlite3; print(ctypes.CDLL(None).getpid() > 0)'`,
    );
    expect(stdout).toBe('True\n');
  });
});

describeImage('python', (script) => {
  test('analyses data and draws a chart', async () => {
    const { stdout, stderr } = await script(
      `python3 - <<'END'
import numpy as np, pandas as pd, scipy.stats, openpyxl, lxml, yaml, sympy
import matplotlib.pyplot as plt
frame = pd.DataFrame({'x': np.arange(5), 'y': np.arange(5) * 2.0})
frame.to_excel('table.xlsx')
print(scipy.stats.linregress(frame.x, frame.y).slope, pd.read_excel('table.xlsx').y.sum())
print(np.linalg.inv(np.eye(200)).trace(), sympy.integrate(sympy.Symbol('x')))
frame.plot(x='x', y='y')
plt.savefig('chart.png')
print(open('chart.png', 'rb').read(8))
END`,
    );
    expect({ stdout, stderr }).toEqual({
      stdout: "2.0 20\n200.0 x**2/2\nb'\\x89PNG\\r\\n\\x1a\\n'\n",
      stderr: '',
    });
  });

  test('draws the first chart with the font list made with the image', async () => {
    const { stdout } = await script(
      'python3 -c "import matplotlib.pyplot"; readlink ~/.cache/matplotlib/fontlist*',
    );
    expect(stdout).toMatch(/^\/opt\/holdfast\/matplotlib\/fontlist-v\d+\.json\n$/);
  });
});

describeImage('node', (script) => {
  test('runs Node 24, TypeScript included, and obeys proxy variables', async () => {
    const { stdout } = await script(
      `echo 'const n: number = 6; console.log(process.version, n * 7)' > a.ts
       node --disable-warning=ExperimentalWarning a.ts
       HTTP_PROXY=http://127.0.0.1:9 node -e 'fetch("http://example.com").catch((e) => console.log(e.cause.message))'`,
    );
    expect(stdout).toMatch(/^v24\.\d+\.\d+ 42\n.*127\.0\.0\.1:9/);
  });
});

describeImage('browser', (script) => {
  test('starts Chromium, which answers to DevTools on loopback', async () => {
    const { stdout } = await script(
      `/opt/holdfast/start-browser > /tmp/log 2>&1 &
       for _ in $(seq 300); do curl -sf 127.0.0.1:9222/json/version && break; sleep 0.1; done
       curl -sf -X PUT '127.0.0.1:9222/json/new?data:text/html,<title>hello</title>'`,
    );
    expect(stdout).toContain('HeadlessChrome/');
    expect(stdout).toContain('webSocketDebuggerUrl');
    expect(stdout).toContain('"type": "page"');
  });

  test('draws pages in scripts of several languages', async () => {
    const { stdout } = await script(
      `chromium-headless-shell --no-sandbox --disable-dev-shm-usage --disable-gpu \\
         --user-data-dir=/tmp/shot --screenshot=shot.png 'data:text/html,<h1>Hi 你好 한국 😀</h1>' 2> /dev/null
       head -c 8 shot.png | od -An -c | tr -d ' '; fc-list | grep -ciE 'wqy|emoji|liberation'`,
    );
    expect(stdout).toMatch(/^211PNG\\r\\n032\\n\n\d+\n$/);
  });
});
