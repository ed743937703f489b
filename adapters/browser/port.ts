import type { Duplex } from 'node:stream';
import type { BrowserEngineName } from '../../contracts/sandbox.ts';

/** A library that drives a browser which runs elsewhere. */
export interface BrowserEngine {
  readonly name: BrowserEngineName;
  /** Takes over the page, or the browser's newest where it is gone or none is named. */
  open(connection: BrowserConnection): Promise<BrowserPage>;
}

/** How to reach a browser. */
export interface BrowserConnection {
  /** Opens a connection to the port on which the browser speaks the DevTools protocol. */
  dial(): Promise<Duplex>;
  readonly pageId: string | null;
  /** Ends everything that is under way. */
  readonly signal: AbortSignal;
  /** Dialogs of the page that leave a choice; alerts are always confirmed. */
  readonly dialogs: DialogAnswer;
}

/** What a dialog is answered with. */
export type DialogAnswer = 'accept' | 'dismiss';

/**
 * A page, as one process drives it; disposing of it disconnects, the page stays as it is. What the
 * page lacks or refuses is thrown as `tool.refused`, with a sentence from which a model can go on;
 * `sandbox.unavailable` is thrown when the browser cannot be reached.
 */
export interface BrowserPage extends AsyncDisposable {
  /** By which another process finds it; a page that opens another one gives way to it. */
  readonly id: string;
  navigate(url: string, timeoutMs: number): Promise<PageVisit>;
  back(timeoutMs: number): Promise<PageVisit>;
  click(target: ElementQuery, timeoutMs: number): Promise<void>;
  /** Replaces what the field holds; `submit` presses Enter behind it. */
  type(target: ElementQuery, text: string, options: TypeOptions): Promise<void>;
  /** Waits for the element. */
  waitFor(target: ElementQuery, timeoutMs: number): Promise<void>;
  extract(selector: string | null): Promise<PageText>;
  /** A PNG of what is visible, or of the whole page up to a height that can be drawn. */
  screenshot(options: { readonly fullPage: boolean }): Promise<Uint8Array>;
  pdf(): Promise<Uint8Array>;
  state(): Promise<PageState>;
}

/** An element by a CSS selector or by what it is labelled with; the selector wins. */
export interface ElementQuery {
  readonly selector: string | null;
  readonly text: string | null;
}

/** How to type. */
export interface TypeOptions {
  readonly submit: boolean;
  readonly timeoutMs: number;
}

/** What came of a visit to an address. */
export interface PageVisit {
  /** Of HTTP; null where the page is no answer of a server. */
  readonly status: number | null;
}

/** Where a page stands, and what happened on it since it was taken over. */
export interface PageState {
  readonly url: string;
  readonly title: string;
  readonly loading: boolean;
  readonly events: readonly string[];
}

/** A page's text as a person would read it, cut. */
export interface PageText {
  readonly text: string;
  readonly truncated: boolean;
  readonly links: readonly { readonly text: string; readonly url: string }[];
  /** Buttons and fields: what can be clicked and typed into. */
  readonly controls: readonly string[];
}

/** The engines of this installation. */
export interface Browsers extends AsyncDisposable {
  /** `auto`: the first that is installed. Throws `sandbox.level_unavailable` where there is none. */
  engine(choice: BrowserEngineName | 'auto'): BrowserEngine;
}
