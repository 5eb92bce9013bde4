import { readdir } from 'node:fs/promises';
import { chosenBy, indented, onStage } from '../onStage';
import { Stage, WORKFLOWS } from './stage';
import { scenarios } from './scenarios';

const HELP = `npm run e2e:workflows              imports every workflow of workflows/ into a real n8n, triggers it, and looks at what arrived
npm run e2e:workflows -- tenants   only workflows whose file has "tenants" in its name

The PBXs, the CRM, the AI service, the mail server and the receivers of webhooks are simulated on this machine.
With N8N_URL, N8N_EMAIL and N8N_PASSWORD an n8n that runs already is used, which must have no credentials and tables of the same names.

The last line says how many checks passed and failed.
`;

onStage(HELP, async ({ api, services, say, passed, failed }, { words }) => {
	const stage = new Stage(api, services);
	const check = async (what: string, holds: () => unknown) => {
		try {
			await holds();
			passed();
			say(`  ok      ${what}`);
		} catch (error) {
			failed();
			say(`  FAILED  ${what}\n${indented(error, 10)}`);
		}
	};
	const files = (await readdir(WORKFLOWS)).filter((file) => file.endsWith('.json'));
	for (const file of chosenBy(files, words, String)) {
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
});
