import type { NetworkRule } from '../../../contracts/sandbox.ts';

/** Rules behind each named set of hosts; only TLS, as their clients use it. */
export const PRESETS: Readonly<Record<string, readonly NetworkRule[]>> = {
  pypi: ['pypi.org:443', 'files.pythonhosted.org:443'],
  npm: ['registry.npmjs.org:443'],
  github: [
    'github.com:443',
    'api.github.com:443',
    'codeload.github.com:443',
    'raw.githubusercontent.com:443',
    'objects.githubusercontent.com:443',
    'release-assets.githubusercontent.com:443',
  ],
};
