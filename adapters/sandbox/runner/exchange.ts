import { AppError } from '../../../contracts/app-error.ts';
import { FRAME, type Frame } from './frame.ts';
import type { Channel, Link } from './link.ts';
import { toFailure } from './parse.ts';

/** A runner that says nothing at all for this long, in the middle of something, is taken as stuck. */
const SILENCE_MS = 60_000;

/** What an exchange does with frames that are not failures; it settles by `resolve`. */
export interface ExchangeStep<T> {
  readonly frame: Frame;
  readonly channel: Channel;
  readonly resolve: (value: T) => void;
  /** Gives up without blaming the runner. */
  readonly reject: (error: AppError) => void;
}

/** One request of which the caller waits for the outcome; rejects when the link is lost. */
export function exchange<T>(
  link: Link,
  request: object,
  step: (step: ExchangeStep<T>) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stuck = (): void => {
      reject(new AppError('sandbox.unavailable', 'the runner does not answer'));
      channel.close();
    };
    const settle = (action: () => void): void => {
      clearTimeout(timer);
      action();
    };
    const timer = setTimeout(stuck, SILENCE_MS);
    const channel = link.request(request, {
      onFrame: (frame) => {
        timer.refresh();
        if (frame.type === FRAME.fail) {
          const failure = toFailure(frame.payload);
          settle(() => reject(failure));
          return;
        }
        step({
          frame,
          channel,
          resolve: (value) => {
            channel.forget();
            settle(() => resolve(value));
          },
          reject: (error) => {
            settle(() => reject(error));
            channel.close();
          },
        });
      },
      onLost: () =>
        settle(() =>
          reject(new AppError('sandbox.unavailable', 'the connection to the sandbox was lost')),
        ),
    });
  });
}

/** A request with one result. */
export function ask<T>(link: Link, request: object, parse: (payload: Buffer) => T): Promise<T> {
  return exchange<T>(link, request, ({ frame, resolve }) => {
    if (frame.type === FRAME.result) resolve(parse(frame.payload));
  });
}
