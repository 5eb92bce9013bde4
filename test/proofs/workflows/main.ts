import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, isStale } from '../../../sandbox/playground/package';
import { startServices } from '../../../sandbox/playground/services';
import { TablesApi } from '../../../sandbox/playground/tables';
import { openN8n } from '../../support/openN8n';
import { Stage, WORKFLOWS } from './stage';
import { scenarios } from './scenarios';

const HELP = `npm run e2e:workflows              imports every workflow of workflows/ into a real n8n, triggers it, and looks at what arrived
npm run e2e:workflows -- tenants   only workflows whose file has "tenants" in its name

The PBXs, the CRM, the AI service, the mail server and the receivers of webhooks are simulated on this machine.
With N8N_URL, N8N_EMAIL and N8N_PASSWORD an n8n that runs already is used, which must have no credentials and tables of the same names.

The last line says how many checks passed and failed.
`;

const ROOT = resolve(__dirname, '..', '..', '..');

async function main(): Promise<number> {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: { help: { type: 'boolean', default: false } },
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	const files = (await readdir(WORKFLOWS)).filter((file) => file.endsWith('.json'));
	const chosen = files.filter(
		(file) => positionals.length === 0 || positionals.some((part) => file.includes(part)),
	);
	if (!process.env.N8N_URL && (await isStale(ROOT))) await build(ROOT);
	const services = await startServices();
	const n8n = await openN8n();
	let passed = 0;
	let failed = 0;
	const say = (line: string) => void process.stdout.write(`${line}\n`);
	try {
		const api = new TablesApi(n8n.api.baseUrl, n8n.isGuest);
		await api.signIn(n8n.owner);
		const stage = new Stage(api, services);
		const check = async (what: string, holds: () => unknown) => {
			try {
				await holds();
				passed++;
				say(`  ok      ${what}`);
			} catch (error) {
				failed++;
				say(`  FAILED  ${what}\n${indented(error)}`);
			}
		};
		for (const file of chosen) {
			say(file);
			const began = Date.now();
			await check('plays its scenario to the end', async () => {
				const play = scenarios[file];
				if (!play) throw new Error(`there is no scenario for ${file}`);
				await play(stage, check);
			});
			await stage.clear();
			say(`  ${((Date.now() - began) / 1000).toFixed(1)} s`);
		}
	} finally {
		await n8n.close();
		await services.close();
	}
	say(`${passed} passed, ${failed} failed`);
	return failed === 0 && passed > 0 ? 0 : 1;
}

const indented = (error: unknown) =>
	(error instanceof Error ? error.message : String(error)).replaceAll(/^/gm, '          ');

void main()
	.catch((error: unknown) => {
		process.stderr.write(
			`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
		);
		return 2;
	})
	.then((code) => process.exit(code));
