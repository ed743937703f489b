import { cutText } from './page-answers.ts';
import type { DialogAnswer } from './port.ts';
import type { MessageSocket } from './websocket.ts';

/** What an engine has to give; all that is decided about pages is decided elsewhere, once. */
export interface Tab {
  readonly log: TabLog;
  /** The main one first. */
  frames(): readonly TabFrame[];
  url(): string;
  /** Resolves when the document has been read, but not all that it shows. */
  goto(url: string, timeoutMs: number): Promise<TabVisit>;
  /** `none`: there is nothing to go back to. */
  back(timeoutMs: number): Promise<TabVisit | 'none'>;
  /** Gives up on what is being loaded. */
  stop(): Promise<void>;
  typeText(text: string): Promise<void>;
  press(key: 'Enter' | 'Backspace'): Promise<void>;
  screenshot(clip: Clip | null): Promise<Uint8Array>;
  pdf(): Promise<Uint8Array>;
  id(): Promise<string>;
}

/** An answer to a request for a document. */
export interface TabVisit {
  /** Of HTTP; null where the document is no answer of a server. */
  readonly status: number | null;
  /** Why the way out of the sandbox answered in the server's place; null: it did not. */
  readonly refusal: string | null;
}

/** An engine's way to a tab over a connection to the browser. */
export type OpenTab = (socket: MessageSocket, request: TabRequest) => Promise<Tab>;

/** Which tab is wanted, and how to treat it. */
export interface TabRequest {
  readonly pageId: string | null;
  readonly dialogs: DialogAnswer;
}

/** A document with its own window. */
export interface TabFrame {
  evaluate(script: string): Promise<unknown>;
  /** The element that the script gives. */
  element(script: string): Promise<TabElement | null>;
}

/** An element that can be clicked. */
export interface TabElement {
  click(timeoutMs: number): Promise<void>;
}

/** A part of a page, in its own pixels. */
export interface Clip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What DevTools says of a page. */
interface PageInfo {
  readonly targetId: string;
  readonly openerId?: string;
}

/**
 * Finds the wanted page among those of a browser, or the one that took its place; `infos` are theirs,
 * in the same order. Undefined: there is none.
 */
export function choosePage<Page>(
  { pages, infos }: { readonly pages: readonly Page[]; readonly infos: readonly PageInfo[] },
  { pageId, dialogs }: TabRequest,
): { readonly page: Page | undefined; readonly log: TabLog } {
  const known = pages[infos.findIndex(({ targetId }) => targetId === pageId)];
  const popup = pages[infos.findLastIndex(({ openerId }) => openerId === (pageId ?? 'none'))];
  const log = new TabLog(dialogs);
  if (popup !== undefined) log.newTab();
  else if (pageId !== null && known === undefined) log.otherPage();
  return { page: popup ?? known ?? pages.at(-1), log };
}

/** What an answer says of a visit; engines give null where no server answered. */
export function toVisit(
  response: { status(): number; headers(): Readonly<Record<string, string>> } | null,
): TabVisit {
  if (response === null) return { status: null, refusal: null };
  return { status: response.status(), refusal: refusalOf(response.headers()['proxy-status']) };
}

/** The document is no place to read it: it may be shown a moment later, or never. */
function refusalOf(proxyStatus: string | undefined): string | null {
  if (proxyStatus === undefined) return null;
  const [, details = ''] = /details="((?:[^"\\]|\\.)*)"/.exec(proxyStatus) ?? [];
  return details.replaceAll(/\\(.)/g, '$1');
}

const MAX_EVENTS = 10;

/** What happens on a tab while it is driven. */
export class TabLog {
  readonly #dialogs: DialogAnswer;
  readonly #events: string[] = [];
  readonly #navigations = new Set<unknown>();
  crashed = false;

  constructor(dialogs: DialogAnswer) {
    this.#dialogs = dialogs;
  }

  get events(): readonly string[] {
    return this.#events;
  }

  /** True while the tab is on its way to another document. */
  get navigating(): boolean {
    return this.#navigations.size > 0;
  }

  add(event: string): void {
    if (this.#events.length < MAX_EVENTS) this.#events.push(event);
  }

  /** A page gives way to the one that it opens, also when that is noticed late. */
  newTab(): void {
    this.add('the page opened a new tab, which is the page from now on');
  }

  otherPage(): void {
    this.add('the page of before is gone; this is another one');
  }

  navigationBegins(request: unknown): void {
    this.#navigations.add(request);
  }

  navigationFails(request: unknown): void {
    this.#navigations.delete(request);
  }

  navigated(): void {
    this.#navigations.clear();
  }

  /** Decides on a dialog, which holds its page until somebody does. */
  dialog(type: string, message: string): DialogAnswer {
    const free = type === 'alert' || type === 'beforeunload';
    const answer = free ? 'accept' : this.#dialogs;
    this.add(
      `${type} dialog "${cutText(message, 300)}": ${answer === 'accept' ? 'accepted' : 'dismissed'}`,
    );
    return answer;
  }
}
