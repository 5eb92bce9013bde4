import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const HELP = `npm run docs                  writes the pages of docs/nodes from the descriptions of the nodes
npm run docs -- --examples    runs every operation against the simulated PBX first, and records what has changed
npm run docs -- --check       changes nothing; exit code 1 when a page is old
`;

const ROOT = resolve(__dirname, '..');
const TESTS = join(ROOT, 'test', 'docs');

/** Jest loads the nodes: tsx takes `ThreeCx.node` for the JSON file beside it. */
function jest(test: string, isWriting: boolean): void {
	const { status } = spawnSync(
		process.execPath,
		[join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'), join(TESTS, test)],
		{
			cwd: ROOT,
			stdio: 'inherit',
			env: { ...process.env, ...(isWriting && { DOCS: 'write' }) },
		},
	);
	if (status !== 0) process.exit(status ?? 1);
}

const { values } = parseArgs({
	options: {
		check: { type: 'boolean', default: false },
		examples: { type: 'boolean', default: false },
		help: { type: 'boolean', default: false },
	},
});
if (values.help) process.stdout.write(HELP);
else {
	if (values.examples) jest('examples.test.ts', !values.check);
	jest('nodePages.test.ts', !values.check);
}
