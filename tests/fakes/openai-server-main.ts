import { startOpenAiServer } from './openai-server.ts';

/** Runs the fake as a process of its own: prints its URL as a JSON line and stops on a signal. */
const server = await startOpenAiServer();
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void server.close().then(() => process.exit(0)));
}
