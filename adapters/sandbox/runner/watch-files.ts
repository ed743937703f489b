import type { Connector } from './connector.ts';
import { FRAME, type Frame } from './frame.ts';
import type { Channel } from './link.ts';
import { broken, countOf, parseObject, toChanges, toFailure } from './parse.ts';

/**
 * Paths that change below one, until the iteration is left. After a lost link it goes on with what
 * changed meanwhile, as the times of files and folders tell; one path may then come twice.
 */
export async function* watchFiles(connector: Connector, path: string): AsyncGenerator<string> {
  let sinceMs = 0;
  for (;;) {
    const link = await connector.link();
    const queue: Frame[] = [];
    let wake = Promise.withResolvers<null>();
    const state = { isLost: false };
    const channel: Channel = link.request(
      { op: 'watch', path, sinceMs },
      {
        onFrame: (frame) => {
          queue.push(frame);
          wake.resolve(null);
        },
        onLost: () => {
          state.isLost = true;
          wake.resolve(null);
        },
      },
    );
    try {
      while (!state.isLost || queue.length > 0) {
        const frame = queue.shift();
        if (frame === undefined) {
          await wake.promise;
          wake = Promise.withResolvers<null>();
        } else if (frame.type === FRAME.fail) {
          throw toFailure(frame.payload);
        } else if (frame.type === FRAME.answer) {
          sinceMs ||= countOf(parseObject(frame.payload), 'atMs');
        } else if (frame.type === FRAME.data) {
          const changes = toChanges(frame.payload);
          yield* changes.paths;
          sinceMs = changes.atMs;
          channel.grant(frame.payload.length);
        } else {
          throw broken('frame');
        }
      }
    } finally {
      channel.close();
    }
  }
}
