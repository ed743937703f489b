import type { NodeTypes, Tools } from '../contracts/catalogue.schema.ts';
import type { RequestOptions } from './request-options.ts';
import type { Transport } from './transport.ts';

/** What agents of this installation can be made of. */
export interface Catalogue {
  /** Node types that graphs may use, with the schemas of their configs. */
  nodeTypes(options?: RequestOptions): Promise<NodeTypes['items']>;
  /** Tools that agents may call, with the schemas of their arguments. */
  tools(options?: RequestOptions): Promise<Tools['items']>;
}

/** The resources `node-types` and `tools`. */
export function createCatalogue(transport: Transport): Catalogue {
  return {
    nodeTypes: async ({ signal } = {}) => {
      const path = '/v1/node-types';
      return (await transport.json<NodeTypes>({ method: 'GET', path, signal })).items;
    },
    tools: async ({ signal } = {}) =>
      (await transport.json<Tools>({ method: 'GET', path: '/v1/tools', signal })).items,
  };
}
