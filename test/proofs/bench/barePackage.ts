import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';

const ROOT = resolve(__dirname, '../../..');

/** Type of the bare trigger in n8n. */
export const BARE_TRIGGER = 'n8n-nodes-bench-bare.bareTrigger';

/**
 * Makes a package of `bareTrigger.ts` that n8n can load.
 *
 * @param folder where; it must not exist
 */
export async function writeBarePackage(folder: string): Promise<void> {
	const source = await readFile(join(__dirname, 'bareTrigger.ts'), 'utf8');
	const { outputText } = transpileModule(source, {
		compilerOptions: {
			module: ModuleKind.CommonJS,
			target: ScriptTarget.ES2023,
			esModuleInterop: true,
		},
	});
	const node = 'dist/BareTrigger.node.js';
	const manifest = {
		name: 'n8n-nodes-bench-bare',
		version: '1.0.0',
		n8n: { nodes: [node], credentials: [] },
		dependencies: { undici: '*', ws: '*' },
	};
	await mkdir(join(folder, 'dist'), { recursive: true });
	await mkdir(join(folder, 'node_modules'));
	await writeFile(join(folder, node), outputText);
	await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
	for (const name of ['undici', 'ws'])
		await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
}
