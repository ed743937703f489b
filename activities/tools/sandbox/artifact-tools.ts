import {
  findFile,
  numberOf,
  parametersOf,
  PATH,
  pathOf,
  spaceOf,
  VERSION,
} from './file-context.ts';
import { mediaTypeOf } from './artifact-media-type.ts';
import { textOf } from '../built-in/text-argument.ts';
import type { ArtifactStore } from '../../../db/stores/artifact-store.ts';
import type { FileStore } from '../../../db/stores/file-store.ts';
import type { Tool } from '../tool.ts';

const TIMEOUT_MS = 10_000;
const NAME_CHARS = 200;
const MEDIA_TYPE_CHARS = 128;

/** What the tools are made from. */
export interface ArtifactToolsDeps {
  readonly artifacts: Pick<ArtifactStore, 'publish'>;
  readonly files: FileStore;
}

/** Tools with which a run hands over results. */
export function createArtifactTools({ artifacts, files }: ArtifactToolsDeps): readonly Tool[] {
  return [
    {
      name: 'publish_artifact',
      description:
        'Hands a file over as a result of the run, for people to see and download. Later changes ' +
        'of the file do not change it.',
      parameters: parametersOf(
        {
          path: PATH,
          name: {
            type: 'string',
            minLength: 1,
            maxLength: NAME_CHARS,
            description: 'For people; the name of the file by default',
          },
          mediaType: {
            type: 'string',
            minLength: 3,
            maxLength: MEDIA_TYPE_CHARS,
            description: 'As in text/csv; by the ending of the path by default',
          },
          version: { ...VERSION, description: 'The last one by default' },
        },
        ['path'],
      ),
      effect: 'keyed',
      timeoutMs: TIMEOUT_MS,
      light: true,
      execute: async (args, context) => {
        const { workspaceId, runId, stepId } = context;
        const path = pathOf(args);
        const version = numberOf(args, 'version');
        await findFile(files, spaceOf(context), { path, version });
        const given = { name: textOf(args, 'name'), mediaType: textOf(args, 'mediaType') };
        const { artifact } = await artifacts.publish(
          { workspaceId, runId },
          {
            path,
            stepId,
            // A repeated call must not publish what was written since.
            oncePerStep: true,
            mediaType: given.mediaType === '' ? mediaTypeOf(path) : given.mediaType,
            ...(given.name === '' ? {} : { name: given.name }),
            ...(version === undefined ? {} : { version }),
          },
        );
        const { id: artifactId, name, mediaType, sizeBytes } = artifact;
        const published = { artifactId, name, mediaType, sizeBytes };
        // What another step has published is told already; an earlier attempt told nothing.
        if (artifact.stepId === stepId) context.onArtifact?.(published);
        return { ...published, path, version: artifact.version };
      },
    },
  ];
}
