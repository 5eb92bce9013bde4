import { join, resolve } from 'node:path';
import { chosenBy, indented, onStage } from '../onStage';
import { Stage } from '../workflows/stage';
import { CASES } from './cases';
import { Editor } from './editor';
import type { Scene } from './scene';

const HELP = `npm run e2e:editor                   does in n8n's editor what people do there, in a real browser, with a simulated PBX
npm run e2e:editor -- drag error     only cases that have one of these words in their name
npm run e2e:editor -- --pictures     also takes the pictures of README and docs anew (.github/images)

CHROMIUM_PATH names the browser; default /usr/bin/chromium (Debian: apt-get install chromium).
A case that fails leaves a picture in .playground/editor. The last line says how many passed and failed.

Cases
${CASES.map(({ name }) => `  ${name}`).join('\n')}
`;

const ROOT = resolve(__dirname, '..', '..', '..');
/** A dot folder: `n8n-node build` copies every png that it finds elsewhere into the package. */
const IMAGES = join(ROOT, '.github', 'images');
const LEFT = join(ROOT, '.playground', 'editor');

/** How long a case may take, in ms. */
const CASE_MS = 300_000;

onStage(
	HELP,
	async ({ api, owner, services, say, passed, failed }, { words, flags }) => {
		const editor = await Editor.open(api.baseUrl, owner);
		try {
			for (const { name, play } of chosenBy(CASES, words, ({ name }) => name)) {
				const began = Date.now();
				const stage = new Stage(api, services);
				const picture: Scene['picture'] = async (file, of) =>
					await editor.picture(join(flags.has('pictures') ? IMAGES : LEFT, file), of);
				editor.complaints.length = 0;
				const failure = await inTime(play({ editor, stage, picture }), CASE_MS)
					.then(() => editor.complaints.length > 0 && new Error(editor.complaints.join('\n')))
					.catch((error: unknown) => error);
				if (failure) {
					failed();
					const file = join(LEFT, `${name.replaceAll(/\W+/g, '-')}.failed.png`);
					await editor.picture(file).catch(() => undefined);
					say(`FAILED  ${name}\n${indented(failure, 8)}\n        ${file}`);
					await editor.renew();
				} else {
					passed();
					say(`ok      ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
				}
				await stage.clear();
			}
		} finally {
			await editor.close();
		}
	},
	['pictures'],
);

/** @throws when the work is not done in this time; what is still under way ends with the page */
async function inTime(work: Promise<void>, ms: number): Promise<void> {
	const late = AbortSignal.timeout(ms);
	await Promise.race([
		work,
		new Promise<never>((_, reject) => {
			late.onabort = () => reject(new Error(`It took more than ${ms / 1000} s`));
		}),
	]);
}
