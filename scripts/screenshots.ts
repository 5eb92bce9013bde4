import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { N8nApi } from '../sandbox/playground/api';
import { readOwner, readRunning } from '../sandbox/playground/running';
import { openBrowser, signIn, WINDOW } from './browser';

/*
 * Takes the pictures of the README from the playground that `npm start` runs in another terminal:
 *
 *   node --import tsx scripts/screenshots.ts
 *
 * CHROMIUM_PATH names the browser; default /usr/bin/chromium (Debian: apt-get install chromium).
 */

const ROOT = resolve(__dirname, '..');
const DATA = join(ROOT, '.playground', 'data');
/** A dot folder: `n8n-node build` copies every png that it finds elsewhere into the package. */
const IMAGES = join(ROOT, '.github', 'images');
const CANVAS_NODE = '[data-test-id="canvas-node"]';

/** One picture of an open workflow. */
interface Shot {
	file: string;
	/** Begin of the workflow's name. */
	workflow: string;
	/** Node whose panel is opened; the whole canvas without it. */
	node?: string;
	/** The newest execution in which this node ran is shown instead of the editor. */
	executed?: string;
}

const SHOTS: Shot[] = [
	{ file: 'onboarding.png', workflow: '3CX onboarding' },
	{ file: 'screen-pop.png', workflow: '3CX screen pop' },
	{ file: 'user-panel.png', workflow: '3CX onboarding', node: 'User' },
	{ file: 'trigger-panel.png', workflow: '3CX screen pop', node: '3CX Trigger' },
	{ file: 'executions.png', workflow: '3CX screen pop', executed: 'Screen Pop' },
];

async function main(): Promise<void> {
	const running = await readRunning(DATA);
	const owner = await readOwner(DATA);
	if (!running || !owner) {
		throw new Error('No playground is running: start one with "npm start" in another terminal.');
	}
	const api = new N8nApi(running.n8n);
	await api.signIn(owner);
	const workflows = await api.workflows();
	await mkdir(IMAGES, { recursive: true });

	const browser = await openBrowser();
	const page = await browser.newPage({ viewport: WINDOW });
	await signIn(page, running.n8n, owner);
	for (const shot of SHOTS) {
		const workflow = workflows.find(({ name }) => name.startsWith(shot.workflow));
		if (!workflow) throw new Error(`The playground has no workflow "${shot.workflow}..."`);
		const url = `${running.n8n}/workflow/${workflow.id}`;
		if (shot.executed === undefined) {
			await page.goto(url);
			await takeEditor(page, shot);
		} else {
			await page.goto(`${url}/executions/${await executionWith(api, workflow.id, shot.executed)}`);
			await page.waitForSelector(CANVAS_NODE);
			await save(page, shot.file);
		}
	}
	await page.goto(running.pbx);
	await page.waitForLoadState('load');
	await save(page, 'sandbox.png');
	await browser.close();
}

async function takeEditor(page: Page, { file, node }: Shot): Promise<void> {
	await page.waitForSelector(CANVAS_NODE);
	if (node) {
		await page.locator(`${CANVAS_NODE}[data-node-name="${node}"]`).dblclick();
		await page.waitForSelector('[data-test-id="ndv"]');
	} else {
		await page.keyboard.press('1');
	}
	await save(page, file);
}

async function executionWith(api: N8nApi, workflowId: string, node: string): Promise<string> {
	for (const { id } of await api.executions(workflowId)) {
		if ((await api.execution(id)).items(node).length > 0) return id;
	}
	throw new Error(`No execution of workflow ${workflowId} has run its node "${node}"`);
}

async function save(page: Page, file: string): Promise<void> {
	// Fonts, icons and n8n's fade-ins.
	await page.waitForLoadState('networkidle');
	await page.waitForTimeout(1_500);
	await page.screenshot({ path: join(IMAGES, file) });
	process.stdout.write(`${join('.github', 'images', file)}\n`);
}

void main();
