import { createServer } from 'node:http';
import { listening, type LocalServer } from './egress-fixture.ts';

const FORM = `<!doctype html><title>Order</title>
<meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline'">
<h1>Order form</h1><p>Two <b>good</b> things: <a href="/large">large page</a></p>
<form action="/ordered"><label>Name <input name="name" value="old"></label>
<select name="size"><option value="s">Small</option><option value="l">Large</option></select>
<input type="date" name="day"><button>Send order</button></form>
<button onclick="document.title = 'clicked ' + (window.clicks = (window.clicks ?? 0) + 1)">Count</button>
<button onclick="alert('really'); document.title = 'after alert'">Alert</button>
<button onclick="document.title = confirm('All?') ? 'deleted' : 'kept'">Delete</button>
<a href="/ordered?name=popup" target="_blank">New tab</a>
<div style="position:relative"><button>Below</button>
<div style="position:absolute;inset:0">veil</div></div>`;

/** Chromium lays out nothing of what is far away, which it could not do with so much text. */
const LARGE = `<!doctype html><title>Large</title><p>begin</p><div style="height:3000px"></div>
<div style="content-visibility:auto;height:9px"></div><script>
document.querySelector('div + div').append('word '.repeat(10_500_000));
document.title = document.body.textContent.length;</script>`;

const HANGING =
  '<!doctype html><title>Hanging</title><script>setTimeout(() => { while (true); }, 1500)</script>';

/** A web site of this machine, for a sandbox that is let out to it. */
export async function openSite(): Promise<LocalServer & { readonly seen: readonly string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://site.test');
    seen.push(url.pathname + url.search);
    if (url.pathname === '/never') return;
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    const name = url.searchParams.get('name') ?? '';
    const pages: Readonly<Record<string, string>> = {
      '/large': LARGE,
      '/hanging': HANGING,
      '/ordered': `<!doctype html><title>Ordered</title><p>Thanks, ${name}!</p>`,
    };
    response.end(pages[url.pathname] ?? FORM);
  });
  return { ...(await listening(server)), seen };
}
