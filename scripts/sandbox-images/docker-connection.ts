import { request } from 'node:http';
import Docker from 'dockerode';

const ANSWER_MS = 5_000;

/** Sockets where a daemon may listen: the one of DOCKER_HOST alone if it is set. */
export function candidateSockets(env: NodeJS.ProcessEnv): readonly string[] {
  const given = env.DOCKER_HOST ?? '';
  if (given !== '') return given.startsWith('unix://') ? [given.slice('unix://'.length)] : [];
  const own = env.XDG_RUNTIME_DIR ?? '';
  return ['/var/run/docker.sock', ...(own === '' ? [] : [`${own}/docker.sock`])];
}

/** Whether a daemon answers there. */
export async function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request({ socketPath, path: '/_ping', timeout: ANSWER_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    probe.on('timeout', () => probe.destroy(new Error('no answer')));
    probe.on('error', () => resolve(false));
    probe.end();
  });
}

/** The first socket with a daemon that answers. */
export async function findSocket(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const socket of candidateSockets(env)) if (await answers(socket)) return socket;
  return undefined;
}

/** A client of the daemon at a socket. */
export function connect(socketPath: string): Docker {
  return new Docker({ socketPath });
}

interface ProgressLine {
  readonly stream?: string;
  readonly error?: string;
}

/** Reads a daemon's progress to its end; an error line becomes an error that shows the last output. */
export async function finished(docker: Docker, progress: NodeJS.ReadableStream): Promise<void> {
  const output: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const end = (error: Error | null): void => (error === null ? resolve() : reject(error));
    docker.modem.followProgress(progress, end, (line: ProgressLine) => {
      output.push(line.stream ?? line.error ?? '');
    });
  }).catch((error: unknown) => {
    const tail = output.join('').split('\n').slice(-40).join('\n');
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${tail}`);
  });
}

/** Labels of an image, or nothing if there is no such image. */
export async function labelsOf(
  docker: Docker,
  name: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const { Config } = await docker.getImage(name).inspect();
    // Absent for imported images, whatever the library says.
    return (Config as { Labels?: Record<string, string> | null }).Labels ?? {};
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 404)
      return undefined;
    throw error;
  }
}

/** What a command writes when it runs in a fresh container of an image, as root, without network. */
export async function outputOf(
  docker: Docker,
  image: string,
  command: readonly string[],
): Promise<string> {
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: [...command],
    Cmd: [],
    User: '0:0',
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    await container.start();
    const { StatusCode } = (await container.wait()) as { readonly StatusCode: number };
    const raw = await container.logs({ stdout: true, stderr: StatusCode !== 0 });
    const text = demultiplex(raw);
    if (StatusCode !== 0) throw new Error(`${command.join(' ')} ended with ${StatusCode}: ${text}`);
    return text;
  } finally {
    await container.remove({ force: true });
  }
}

/** Frames have eight bytes of header, of which the last four are the length. */
function demultiplex(raw: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length;) {
    const end = at + 8 + raw.readUInt32BE(at + 4);
    parts.push(raw.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(parts).toString();
}
