import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, isStale } from '../../../sandbox/playground/package';
import { startServices } from '../../../sandbox/playground/services';
import { TablesApi } from '../../../sandbox/playground/tables';
import { openN8n } from '../../support/openN8n';
import { Stage } from '../workflows/stage';
import { CASES } from './cases';
import { Editor } from './editor';

const HELP = `npm run e2e:editor                   does in n8n's editor what people do there, in a real browser, with a simulated PBX
npm run e2e:editor -- drag error     only cases that have one of these words in their name

CHROMIUM_PATH names the browser; default /usr/bin/chromium (Debian: apt-get install chromium).
A case that fails leaves a picture in .playground/editor. The last line says how many passed and failed.

Cases
${CASES.map(({ name }) => `  ${name}`).join('\n')}
`;

const ROOT = resolve(__dirname, '..', '..', '..');
const FAILED = join(ROOT, '.playground', 'editor');

/** How long a case may take, in ms. */
const CASE_MS = 150_000;

async function main(): Promise<number> {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	const chosen = CASES.filter(
		({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)),
	);
	if (!process.env.N8N_URL && (await isStale(ROOT))) await build(ROOT);
	const services = await startServices();
	const n8n = await openN8n();
	let passed = 0;
	let failed = 0;
	const say = (line: string) => void process.stdout.write(`${line}\n`);
	let editor: Editor | undefined;
	try {
		const api = new TablesApi(n8n.api.baseUrl, n8n.isGuest);
		await api.signIn(n8n.owner);
		editor = await Editor.open(api.baseUrl, n8n.owner);
		for (const { name, play } of chosen) {
			const began = Date.now();
			const stage = new Stage(api, services);
			editor.complaints.length = 0;
			const failure = await inTime(play({ editor, stage }), CASE_MS)
				.then(() => editor!.complaints.length > 0 && new Error(editor!.complaints.join('\n')))
				.catch((error: unknown) => error);
			if (failure) {
				failed++;
				const file = join(FAILED, `${name.split(':')[0]}.failed.png`);
				await editor.picture(file).catch(() => undefined);
				say(`FAILED  ${name}\n${indented(failure)}\n        ${file}`);
				await editor.renew();
			} else {
				passed++;
				say(`ok      ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
			}
			await stage.clear();
		}
	} finally {
		await editor?.close();
		await n8n.close();
		await services.close();
	}
	say(`${passed} passed, ${failed} failed`);
	return failed === 0 && passed > 0 ? 0 : 1;
}

async function inTime(work: Promise<void>, ms: number): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`It took more than ${ms / 1000} s`)), ms);
	});
	await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const indented = (error: unknown) =>
	(error instanceof Error ? error.message : String(error)).replaceAll(/^/gm, '        ');

void main()
	.catch((error: unknown) => {
		process.stderr.write(
			`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
		);
		return 2;
	})
	.then((code) => process.exit(code));
