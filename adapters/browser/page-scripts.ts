/**
 * What runs inside of pages, as text: the same in every engine, and nothing of ours gets into it. It
 * meets pages that may have replaced anything, so that its answers are checked like all input.
 */

const SHARED = `
  const cut = (text, most) => { const s = String(text ?? '').replace(/\\s+/g, ' ').trim(); return s.length > most ? s.slice(0, most) + '…' : s; };
  const seen = (e) => (e.checkVisibility ? e.checkVisibility({ visibilityProperty: true }) : true);
  const deep = function* (root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT);
    for (let e = walker.nextNode(); e; e = walker.nextNode()) { yield e; if (e.shadowRoot) yield* deep(e.shadowRoot); }
  };
  const CLICKABLE = 'a[href],button,input,select,textarea,summary,label,[onclick],[role=button],[role=link],[role=tab],[role=menuitem],[role=checkbox],[role=radio],[role=option],[contenteditable=""],[contenteditable=true]';
  const FIELD = 'input:not([type=hidden]):not([type=submit]):not([type=button]):not([type=reset]):not([type=image]),textarea,select,[contenteditable=""],[contenteditable=true]';
  const labelOf = (e) => e.getAttribute('aria-label') || (e.labels && e.labels[0] && e.labels[0].textContent) ||
    (/^(submit|button|reset)$/.test(e.type) && e.tagName === 'INPUT' ? e.value : '') || (e.tagName === 'SELECT' || e.tagName === 'TEXTAREA' ? '' : e.innerText) ||
    e.getAttribute('placeholder') || e.getAttribute('title') || e.getAttribute('alt') || e.getAttribute('name') || '';
  const describe = (e) => { const id = e.id && /^[\\w-]+$/.test(e.id) ? '#' + e.id : ''; const name = e.getAttribute('name'); 
    const kind = e.tagName === 'INPUT' ? (e.type || 'text') + ' field' : e.matches('button,[role=button]') ? 'button' : e.tagName === 'A' ? 'link' : e.tagName.toLowerCase();
    const button = e.tagName === 'INPUT' && /^(submit|button|reset|image)$/.test(e.type);
    return (button ? 'button' : kind) + ' "' + cut(labelOf(e), 60) + '"' + (id ? ' ' + id : name && /^[\\w-]+$/.test(name) ? ' [name=' + name + ']' : ''); };
`;

const FIND = `(({ selector, text, fields }) => {
  ${SHARED}
  if (selector !== null) {
    const matches = [];
    for (const root of [document, ...[...deep(document)].flatMap((e) => (e.shadowRoot ? [e.shadowRoot] : []))]) matches.push(...root.querySelectorAll(selector));
    return matches.find(seen) ?? null;
  }
  const wanted = text.replace(/\\s+/g, ' ').trim().toLowerCase();
  const labelled = (e) => cut(labelOf(e), 1000).toLowerCase();
  const all = [...deep(document)].filter((e) => e.matches(fields ? FIELD : CLICKABLE) && seen(e));
  const found = all.find((e) => labelled(e) === wanted) ?? all.find((e) => labelled(e).includes(wanted));
  if (found !== undefined || fields) return found ?? null;
  const leaves = [...deep(document.body ?? document)].filter((e) => e.textContent.length < 10000 && seen(e) && cut(e.innerText, 1000).toLowerCase().includes(wanted));
  return leaves.at(-1) ?? null;
})`;

const CONTROLS = `(() => {
  ${SHARED}
  const controls = [];
  for (const e of deep(document)) {
    if (controls.length === 40) break;
    if (e.matches('button,input:not([type=hidden]),select,textarea,[role=button],[contenteditable=true]') && seen(e)) controls.push(describe(e));
  }
  return controls;
})`;

const FILL = `((e, text) => {
  e.focus();
  if (e.tagName === 'SELECT') {
    const option = [...e.options].find((o) => o.value === text) ?? [...e.options].find((o) => o.label.trim().toLowerCase() === text.trim().toLowerCase());
    if (option === undefined) return 'no option "' + text.slice(0, 60) + '"; there are: ' + [...e.options].slice(0, 30).map((o) => o.label.trim().slice(0, 60)).join(', ');
    e.value = option.value;
  } else if (e.tagName === 'INPUT' && /^(date|time|datetime-local|month|week|color|range)$/.test(e.type)) {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(e, text);
  } else if (e.tagName === 'INPUT' && /^(checkbox|radio|file|submit|button|reset|image)$/.test(e.type)) {
    return 'a ' + e.type + ' takes no text; click it';
  } else if (e.tagName === 'INPUT' || e.tagName === 'TEXTAREA') {
    if (e.disabled || e.readOnly) return 'the field cannot be changed';
    e.select();
    return 'type';
  } else if (e.isContentEditable) {
    getSelection().selectAllChildren(e);
    return 'type';
  } else return 'the element is no field';
  e.dispatchEvent(new Event('input', { bubbles: true }));
  e.dispatchEvent(new Event('change', { bubbles: true }));
  return 'done';
})`;

const REACH = `((e) => {
  ${SHARED}
  e.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
  if (e.disabled) return 'it is disabled';
  const box = e.getBoundingClientRect();
  if (box.width === 0 || box.height === 0) return 'it has no size';
  let top = e.getRootNode().elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  if (top === null || top.contains(e) || e.contains(top) || [...(e.labels ?? [])].some((l) => l.contains(top)) || e.control === top) return '';
  return 'it is covered by ' + describe(top);
})`;

/** Reads on until there is enough, so that a page of any size costs the same. */
const EXTRACT = `(({ selector, maxChars, maxLinks }) => {
  ${SHARED}
  const root = selector === null ? document.body : document.querySelector(selector);
  if (root === null) return null;
  const BLOCK = /^(ADDRESS|ARTICLE|ASIDE|BLOCKQUOTE|BR|DD|DIV|DL|DT|FIELDSET|FIGURE|FOOTER|FORM|H[1-6]|HEADER|HR|LI|MAIN|NAV|OL|P|PRE|SECTION|TABLE|TR|UL)$/;
  const SKIP = /^(SCRIPT|STYLE|NOSCRIPT|TEMPLATE|SVG|HEAD|IFRAME|OBJECT|CANVAS|SELECT|TEXTAREA)$/i;
  const parts = [], links = [];
  let chars = 0, truncated = false, line = '';
  const flush = () => { if (line.trim() !== '') { parts.push(line.trim()); chars += line.length + 1; } line = ''; };
  const add = (text) => {
    const room = maxChars - chars - line.length;
    if (text.length > room) truncated = true;
    line += text.slice(0, Math.max(0, room));
  };
  const walk = (node) => {
    if (truncated) return;
    if (node.nodeType === Node.TEXT_NODE) {
      const room = maxChars - chars - line.length;
      const raw = node.length > room * 4 + 1000 ? (truncated = true, node.substringData(0, room * 4 + 1000)) : node.data;
      const text = raw.replace(/\\s+/g, ' ');
      add(line === '' || line.endsWith(' ') ? text.trimStart() : text);
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE && node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE) return;
    const name = node.tagName ?? '';
    if (SKIP.test(name) || (node.checkVisibility && name !== 'BR' && getComputedStyle(node).display !== 'contents' && !seen(node))) return;
    const block = BLOCK.test(name);
    if (block) flush();
    const heading = /^H([1-6])$/.exec(name);
    if (heading) add('#'.repeat(Number(heading[1])) + ' ');
    else if (name === 'LI') add('- ');
    if (name === 'TD' || name === 'TH') { if (line !== '') add(' | '); }
    if (name === 'IMG' && node.alt) add('[' + cut(node.alt, 100) + ']');
    if (name === 'A' && node.href && links.length < maxLinks && /^(https?|file):/.test(node.href)) links.push({ text: cut(node.innerText, 80), url: node.href.slice(0, 2000) });
    for (let child = (node.shadowRoot ?? node).firstChild; child !== null && !truncated; child = child.nextSibling) walk(child);
    if (block) flush();
  };
  walk(root);
  flush();
  return { text: parts.join('\\n'), truncated, links };
})`;

const SIZE = `(() => ({ width: Math.max(innerWidth, 1), height: Math.max(document.documentElement?.scrollHeight ?? 0, document.body?.scrollHeight ?? 0, innerHeight) }))`;

/** What scripts look for an element by. */
interface ScriptQuery {
  readonly selector: string | null;
  readonly text: string | null;
  /** Only what can be typed into. */
  readonly fields: boolean;
}

/** A script that finds an element, or null. */
export function findScript(query: ScriptQuery): string {
  return `${FIND}(${JSON.stringify(query)})`;
}

/** A script that tells why the element cannot be clicked, or nothing; null where there is none. */
export function reachScript(query: ScriptQuery): string {
  return `((e) => (e === null ? null : ${REACH}(e)))(${findScript(query)})`;
}

/**
 * A script that gets the element ready: `type` for keys, `done` where its value is set, or why it
 * takes no text; null where there is none.
 */
export function fillScript(query: ScriptQuery, text: string): string {
  const call = `${FILL}(e, ${JSON.stringify(text)})`;
  return `((e) => (e === null ? null : ${call}))(${findScript(query)})`;
}

/** A script that tells of buttons and fields. */
export const CONTROLS_SCRIPT = `${CONTROLS}()`;

/** A script that reads text and links; null where nothing matches the selector. */
export function extractScript(options: {
  readonly selector: string | null;
  readonly maxChars: number;
  readonly maxLinks: number;
}): string {
  return `${EXTRACT}(${JSON.stringify(options)})`;
}

/** A script that measures the whole page. */
export const SIZE_SCRIPT = `${SIZE}()`;

/** A script that tells where the document stands. */
export const STATE_SCRIPT = `(() => ({ title: String(document.title).slice(0, 300), loading: document.readyState !== 'complete' }))()`;
