import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import type { Duplex } from 'node:stream';
import { AppError } from '../../contracts/app-error.ts';
import { openWebSocket, type MessageSocket } from './websocket.ts';

const ANSWER_MS = 5_000;
const CLOSE_MS = 3_000;
const POLL_MS = 50;

type Dial = () => Promise<Duplex>;

/** Connects to the browser as a whole. */
export async function connectDevtools(dial: Dial): Promise<MessageSocket> {
  const version = await ask(dial, '/json/version');
  const path = /\/devtools\/browser\/[\w-]{1,64}/.exec(version)?.[0];
  if (path === undefined) throw new AppError('sandbox.unavailable', 'no browser answers');
  return openWebSocket(await dial(), path);
}

/** Closes all pages, also those that answer nobody any more, and opens an empty one. */
export async function replacePages(dial: Dial): Promise<void> {
  const former = await listPages(dial);
  await ask(dial, '/json/new?about:blank', 'PUT');
  for (const id of former) await ask(dial, `/json/close/${id}`);
  const until = Date.now() + CLOSE_MS;
  while (Date.now() < until) {
    const pages = await listPages(dial);
    if (!former.some((id) => pages.includes(id))) return;
    await sleep(POLL_MS);
  }
}

async function listPages(dial: Dial): Promise<readonly string[]> {
  const targets = (await ask(dial, '/json/list')).matchAll(/\{[^{}]*\}/g);
  return [...targets].flatMap(([target]) => {
    const id = /"id":\s*"(\w{1,64})"/.exec(target)?.[1];
    return id !== undefined && /"type":\s*"page"/.test(target) ? [id] : [];
  });
}

async function ask(dial: Dial, path: string, method = 'GET'): Promise<string> {
  const connection = await dial();
  try {
    return await new Promise<string>((resolve, reject) => {
      const sent = request({
        ...{ method, path, timeout: ANSWER_MS, signal: AbortSignal.timeout(ANSWER_MS) },
        createConnection: () => connection,
        headers: { Host: '127.0.0.1', Connection: 'close' },
      });
      sent.on('response', (response) => {
        text(response).then(resolve, reject);
      });
      sent.on('error', reject);
      sent.end();
    });
  } catch (error) {
    throw new AppError('sandbox.unavailable', 'the browser does not answer', { cause: error });
  } finally {
    connection.destroy();
  }
}
