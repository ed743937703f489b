import type { BrowserEngineName } from '../../contracts/sandbox.ts';
import type { BrowserPage } from './port.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import type { TabRequest } from './tab.ts';

/** What can be asked of a page in an engine's thread. */
export type PageMethod = Exclude<keyof BrowserPage, 'id' | typeof Symbol.asyncDispose>;

/** What an engine's thread is made for. */
export interface EngineThreadData {
  readonly engine: BrowserEngineName;
}

/** To the thread. Pages are numbered: what is late for one must not reach the next. */
export type ToThread =
  | {
      readonly kind: 'open';
      readonly page: number;
      readonly call: number;
      readonly request: TabRequest;
      readonly events: readonly string[];
    }
  | {
      readonly kind: 'call';
      readonly page: number;
      readonly call: number;
      readonly method: PageMethod;
      readonly args: readonly unknown[];
    }
  | { readonly kind: 'message'; readonly page: number; readonly text: string }
  | { readonly kind: 'closed'; readonly page: number };

/** From the thread. */
export type FromThread =
  | {
      readonly kind: 'result';
      readonly call: number;
      readonly value: unknown;
      readonly pageId: string;
    }
  | {
      readonly kind: 'error';
      readonly call: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly pageId: string;
    }
  | { readonly kind: 'message'; readonly page: number; readonly text: string }
  | { readonly kind: 'close'; readonly page: number };
