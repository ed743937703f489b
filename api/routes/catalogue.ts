import { nodeTypesSchema, toolsSchema } from '../../contracts/catalogue.schema.ts';
import { route } from '../route.ts';

const nodeTypes = route({
  method: 'GET',
  path: '/v1/node-types',
  permission: 'catalogue:read',
  summary: 'List the node types that graphs may use',
  answers: { 200: { description: 'all node types', schema: nodeTypesSchema } },
  handler: async (_context, services) => ({
    status: 200,
    body: {
      items: services.nodeTypes.map(
        ({ type, description, configSchema, defaultGear, defaultTimeoutMs, terminal }) => ({
          type,
          description,
          configSchema,
          defaultGear,
          defaultTimeoutMs,
          terminal,
        }),
      ),
    },
  }),
});

const tools = route({
  method: 'GET',
  path: '/v1/tools',
  permission: 'catalogue:read',
  summary: 'List the tools of this installation',
  answers: { 200: { description: 'all tools', schema: toolsSchema } },
  handler: async (_context, services) => ({
    status: 200,
    body: {
      items: services.tools.map(({ name, description, parameters, effect, timeoutMs }) => ({
        name,
        description,
        parameters,
        effect,
        timeoutMs,
      })),
    },
  }),
});

/** Routes of the catalogue. */
export const CATALOGUE_ROUTES = [nodeTypes, tools];
