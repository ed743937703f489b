import { z } from 'zod';
import { publicRoute } from '../route.ts';

const liveSchema = z.object({ live: z.literal(true) });
const readySchema = z.object({ ready: z.boolean(), checks: z.record(z.string(), z.boolean()) });

const live = publicRoute({
  method: 'GET',
  path: '/health/live',
  summary: 'Whether the process answers at all',
  answers: { 200: { description: 'it does', schema: liveSchema } },
  handler: async () => ({ status: 200, body: { live: true } }),
});

const ready = publicRoute({
  method: 'GET',
  path: '/health/ready',
  summary: 'Whether the process can take requests now',
  answers: {
    200: { description: 'it can', schema: readySchema },
    503: { description: 'it cannot; `checks` says what is missing', schema: readySchema },
  },
  handler: async (_raw, { checkReady, closing }) => {
    const checks = { ...(await checkReady()), open: !closing.aborted };
    const isReady = Object.values(checks).every(Boolean);
    return { status: isReady ? 200 : 503, body: { ready: isReady, checks } };
  },
});

/** Routes for supervisors of the process. */
export const HEALTH_ROUTES = [live, ready];
