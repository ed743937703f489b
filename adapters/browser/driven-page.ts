import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../contracts/app-error.ts';
import {
  CONTROLS_SCRIPT,
  SIZE_SCRIPT,
  STATE_SCRIPT,
  extractScript,
  fillScript,
  findScript,
  reachScript,
} from './page-scripts.ts';
import { cutText, toControls, toDocumentState, toPageText, toSize } from './page-answers.ts';
import { toNavigationError } from './navigation-error.ts';
import { within } from './within.ts';
import type { Tab, TabElement } from './tab.ts';
import type {
  BrowserPage,
  ElementQuery,
  PageState,
  PageText,
  PageVisit,
  TypeOptions,
} from './port.ts';

const POLL_MS = 100;
/** For a script that only reads; a page that is busy for longer counts as hung. */
const SCRIPT_MS = 5_000;
/** A click's effect on the address shows within this time, or it has none. */
const QUIET_MS = 150;
const SETTLE_MS = 8_000;
const DRAW_MS = 30_000;
const EXTRACT = { maxChars: 20_000, maxLinks: 60 } as const;
/** What Chromium draws on one surface. */
const MAX_DRAWN = { width: 4_096, height: 16_384 } as const;
const SHOWN_CONTROLS = 15;
const HUNG = 'the page does not answer; navigate to another address';

/** A page on any engine's tab. */
export async function openDrivenPage(tab: Tab, disconnect: () => void): Promise<BrowserPage> {
  const page = new DrivenPage(tab, disconnect);
  await page.refreshId();
  return page;
}

class DrivenPage implements BrowserPage {
  id = '';
  readonly #tab: Tab;
  readonly #disconnect: () => void;
  #hung = false;

  constructor(tab: Tab, disconnect: () => void) {
    this.#tab = tab;
    this.#disconnect = disconnect;
  }

  async refreshId(): Promise<void> {
    this.id = await within(this.#tab.id(), SCRIPT_MS, HUNG);
  }

  async navigate(url: string, timeoutMs: number): Promise<PageVisit> {
    const visit = await this.#visit(url, timeoutMs, () => this.#tab.goto(url, timeoutMs));
    if (visit.refusal === null) return { status: visit.status };
    const answer = cutText(visit.refusal, 300);
    const why = `${url} could not be visited: the sandbox's network answers "${answer}"`;
    throw new AppError('tool.refused', why);
  }

  async back(timeoutMs: number): Promise<PageVisit> {
    const visit = await this.#visit('the page before', timeoutMs, () => this.#tab.back(timeoutMs));
    if (visit !== 'none') return { status: visit.status };
    throw new AppError('tool.refused', 'there is no page to go back to');
  }

  async click(target: ElementQuery, timeoutMs: number): Promise<void> {
    const until = Date.now() + timeoutMs;
    const query = { ...target, fields: false };
    let problem: string | null = null;
    for (;;) {
      for (const frame of this.#tab.frames()) {
        const answer = await this.#read(frame.evaluate(reachScript(query)));
        if (answer === '') {
          const element = await this.#read(frame.element(findScript(query)));
          if (element !== null) return this.#clickOn(element, Math.max(1_000, until - Date.now()));
        }
        if (typeof answer === 'string') problem = cutText(answer, 300);
      }
      if (Date.now() < until) {
        await sleep(POLL_MS);
        continue;
      }
      if (problem === null) throw await this.#noMatch(target);
      throw new AppError('tool.refused', `${nameOf(target)} cannot be clicked: ${problem}`);
    }
  }

  async type(target: ElementQuery, text: string, options: TypeOptions): Promise<void> {
    const until = Date.now() + options.timeoutMs;
    const script = fillScript({ ...target, fields: true }, text);
    let ready: string | null = null;
    for (;;) {
      for (const frame of this.#tab.frames()) {
        const answer = await this.#read(frame.evaluate(script));
        if (typeof answer === 'string') ready ??= answer;
      }
      if (ready !== null) break;
      if (Date.now() >= until) throw await this.#noMatch(target);
      await sleep(POLL_MS);
    }
    if (ready === 'type') await within(this.#enter(text), SETTLE_MS, HUNG);
    else if (ready !== 'done') {
      throw new AppError('tool.refused', `${nameOf(target)}: ${cutText(ready, 1_000)}`);
    }
    if (options.submit) await within(this.#tab.press('Enter'), SETTLE_MS, HUNG);
    await this.#settle(SETTLE_MS);
  }

  async waitFor(target: ElementQuery, timeoutMs: number): Promise<void> {
    const until = Date.now() + timeoutMs;
    const script = reachScript({ ...target, fields: false });
    for (;;) {
      for (const frame of this.#tab.frames()) {
        if ((await this.#read(frame.evaluate(script))) !== null) return;
      }
      if (Date.now() >= until) throw await this.#noMatch(target);
      await sleep(POLL_MS);
    }
  }

  async extract(selector: string | null): Promise<PageText> {
    const answer = await this.#main(extractScript({ selector, ...EXTRACT }));
    if (answer === null) throw await this.#noMatch({ selector: selector ?? 'body', text: null });
    return toPageText(answer, toControls(await this.#main(CONTROLS_SCRIPT)), EXTRACT);
  }

  async screenshot({ fullPage }: { readonly fullPage: boolean }): Promise<Uint8Array> {
    const size = fullPage ? toSize(await this.#main(SIZE_SCRIPT), MAX_DRAWN) : null;
    const clip = size === null ? null : { x: 0, y: 0, ...size };
    return within(this.#tab.screenshot(clip), DRAW_MS, 'the page could not be drawn in time');
  }

  async pdf(): Promise<Uint8Array> {
    return within(this.#tab.pdf(), DRAW_MS, 'the page could not be printed in time');
  }

  async state(): Promise<PageState> {
    // It has had its time.
    if (this.#hung) throw new AppError('tool.refused', HUNG);
    const document = toDocumentState(await this.#main(STATE_SCRIPT));
    await this.refreshId();
    const { log } = this.#tab;
    const url = this.#tab.url().slice(0, 2_000);
    return { url, ...document, loading: document.loading || log.navigating, events: log.events };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disconnect();
  }

  async #visit<T>(what: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
    const started = Date.now();
    try {
      // The engine's own limit comes first, where it has one.
      const result = await within(work(), timeoutMs + 1_000, 'timeout');
      await this.#settle(Math.min(SETTLE_MS, Math.max(0, started + timeoutMs - Date.now())));
      return result;
    } catch (error) {
      await within(this.#tab.stop(), 1_000, HUNG).catch(() => undefined);
      throw toNavigationError(error, what, timeoutMs);
    }
  }

  async #clickOn(element: TabElement, timeoutMs: number): Promise<void> {
    await within(this.#attempt(element.click(timeoutMs)), timeoutMs + 1_000, HUNG);
    await this.#settle(SETTLE_MS);
  }

  async #enter(text: string): Promise<void> {
    if (text === '') await this.#tab.press('Backspace');
    else await this.#tab.typeText(text);
  }

  /** Waits for what an action has set off, for a while. */
  async #settle(timeoutMs: number): Promise<void> {
    const until = Date.now() + timeoutMs;
    await sleep(QUIET_MS);
    while (Date.now() < until) {
      const left = Math.max(1, until - Date.now());
      const complete = await within(this.#main(STATE_SCRIPT, left), left, HUNG).then(
        (answer) => !toDocumentState(answer).loading,
        () => {
          this.#hung = left >= SCRIPT_MS;
          return false;
        },
      );
      if (complete && !this.#tab.log.navigating) return;
      await sleep(POLL_MS / 2);
    }
  }

  /** Reads from the page; again where another document came in between. */
  async #main(script: string, timeoutMs = SCRIPT_MS): Promise<unknown> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const [frame] = this.#tab.frames();
      try {
        const left = Math.max(1, until - Date.now());
        return await within(frame?.evaluate(script) ?? Promise.resolve(null), left, HUNG);
      } catch (error) {
        this.#throwIfCrashed(error);
        if (error instanceof AppError || Date.now() >= until) throw toPageError(error);
        await sleep(POLL_MS);
      }
    }
  }

  /** Null also where the document went away meanwhile: the next attempt finds the new one. */
  async #read<T>(answer: Promise<T>): Promise<T | null> {
    try {
      return await within(answer, SCRIPT_MS, HUNG);
    } catch (error) {
      this.#throwIfCrashed(error);
      if (error instanceof AppError) throw error;
      if (/not a valid selector|SyntaxError/.test(messageOf(error))) {
        throw new AppError('tool.refused', 'the selector is no valid CSS selector');
      }
      return null;
    }
  }

  async #attempt(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#throwIfCrashed(error);
      throw toPageError(error);
    }
  }

  #throwIfCrashed(error: unknown): void {
    if (!this.#tab.log.crashed && !/crashed/i.test(messageOf(error))) return;
    throw new AppError('tool.refused', 'the page crashed, most likely for lack of memory', {
      cause: error,
    });
  }

  async #noMatch(target: ElementQuery): Promise<AppError> {
    const controls = toControls(await this.#main(CONTROLS_SCRIPT).catch(() => []));
    const shown = controls.slice(0, SHOWN_CONTROLS).join('; ');
    const has = shown === '' ? 'no buttons or fields' : `these buttons and fields: ${shown}`;
    return new AppError(
      'tool.refused',
      `no element matches ${nameOf(target)}; the page has ${has}`,
    );
  }
}

function nameOf({ selector, text }: ElementQuery): string {
  return selector === null ? `the text "${text ?? ''}"` : `"${selector}"`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function toPageError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const sentence = cutText(messageOf(error), 300);
  if (/closed|disconnected|Session|Protocol error/i.test(sentence)) {
    return new AppError('sandbox.unavailable', 'the connection to the browser was lost', {
      cause: error,
    });
  }
  return new AppError('tool.refused', `the page refused: ${sentence}`, { cause: error });
}
