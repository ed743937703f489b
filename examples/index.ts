import type { DemoAgent } from './demo-agent.ts';
import { berthBooking } from './berth-booking/agent.ts';
import { CSV_ANALYSIS } from './csv-analysis/agent.ts';
import { GUEST_CONCIERGE } from './guest-concierge/agent.ts';
import { ORDER_REVIEW } from './order-review/agent.ts';
import { TICKET_TRIAGE } from './ticket-triage/agent.ts';
import { DEFAULT_PAGES_PORT } from './web-answers/serve-pages.ts';
import { webAnswers } from './web-answers/agent.ts';

export type { DemoAgent } from './demo-agent.ts';
export {
  DEFAULT_PAGES_PORT,
  fromSandboxes,
  serveDemoPages,
  type DemoPages,
} from './web-answers/serve-pages.ts';
export { seedDemo } from './seed.ts';
export { watchDemo } from './watch.ts';

/** Folder to set as the root of `read_folder`, so that the demo agents find their inputs. */
export const DEMO_INPUTS = import.meta.dirname;

/** The demo agents, with the address of the demo's web pages in the sample input. */
export function demoAgents(pagesUrl: string): readonly DemoAgent[] {
  return [
    TICKET_TRIAGE,
    webAnswers(pagesUrl),
    ORDER_REVIEW,
    GUEST_CONCIERGE,
    CSV_ANALYSIS,
    berthBooking(pagesUrl),
  ];
}

/** The demo agents where the pages are at their usual address. */
export const DEMO_AGENTS = demoAgents(`http://127.0.0.1:${DEFAULT_PAGES_PORT}`);
