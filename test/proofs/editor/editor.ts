import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import type { Owner } from '../../../sandbox/playground/api';
import { openBrowser, signIn, WINDOW } from '../../../scripts/browser';

/**
 * n8n's editor in a real browser, as people use it: what they click, type, drag and read. All waiting is for something to
 * be seen, and has an end. Where n8n names a thing for its own tests (`data-test-id`), it is found by that.
 */

/** How long anything may take to be seen, in ms; the machine may be busy. */
const STEP_MS = 20_000;

/** How long the search may take to show a node, in ms. */
const FOUND_MS = 5_000;

/** Finds nothing: what is shown afterwards is new. */
const NONSENSE = 'qqxxzz';

/** What n8n calls its themes. */
export type Theme = 'light' | 'dark';

/** Resolves in the browser when fonts are there and nothing moves that comes to rest. */
const SETTLED = `document.fonts.ready.then(() => Promise.all(document.getAnimations()
	.filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
	.map(({ finished }) => finished.catch(() => undefined)))).then(() => undefined)`;

const byTestId = (id: string) => `[data-test-id="${id}"]`;

/** The editor; one browser and one page for all cases. */
export class Editor {
	/** Errors of the console and refused requests that are about our nodes. */
	readonly complaints: string[] = [];

	private constructor(
		private readonly browser: Browser,
		private readonly context: BrowserContext,
		private current: Page,
		private readonly url: string,
	) {
		this.listen();
	}

	/** For what has no method here. */
	get page(): Page {
		return this.current;
	}

	/**
	 * Starts the browser and signs in.
	 *
	 * @param url of n8n, without a trailing slash
	 * @param owner who signs in
	 */
	static async open(url: string, owner: Owner): Promise<Editor> {
		const browser = await openBrowser();
		const context = await browser.newContext({ viewport: WINDOW });
		context.setDefaultTimeout(STEP_MS);
		const page = await context.newPage();
		await signIn(page, url, owner);
		return new Editor(browser, context, page, url);
	}

	/** Goes on with a new page, where the old one may be anywhere. */
	async renew(): Promise<void> {
		await this.current.close();
		this.current = await this.context.newPage();
		this.listen();
	}

	async close(): Promise<void> {
		await this.browser.close();
	}

	/** Notes what goes wrong on the page and has to do with us. */
	private listen(): void {
		const ours = (text: string) => /three-?cx/i.test(text);
		const { current: page } = this;
		page.on('console', (message) => {
			const { url: from = '' } = message.location();
			if (message.type() === 'error' && ours(`${message.text()} ${from}`))
				this.complaints.push(`${message.text()} (${from})`);
		});
		page.on('pageerror', ({ message, stack = '' }) => {
			if (ours(`${message} ${stack}`)) this.complaints.push(message);
		});
		page.on('response', (response) => {
			if (response.status() >= 400 && ours(new URL(response.url()).pathname))
				this.complaints.push(`${response.status()} ${response.url()}`);
		});
		// A page that is left with changes asks whether they may go.
		page.on('dialog', (dialog) => void dialog.accept().catch(() => undefined));
	}

	/** Opens a saved workflow, or an empty one. */
	async workflow(id = 'new', theme: Theme = 'light'): Promise<void> {
		await this.page.goto(`${this.url}/workflow/${id}?theme=${theme}`);
		await this.page.waitForSelector(byTestId('canvas-wrapper'));
		if (id !== 'new') await this.page.waitForSelector(byTestId('canvas-node'));
	}

	/** Types into the node search and looks whether it finds a node. */
	async finds(text: string, name: string): Promise<boolean> {
		await this.type(NONSENSE);
		await this.creator.locator(byTestId('node-creator-no-results')).waitFor();
		await this.type(text);
		return await this.found(name)
			.first()
			.waitFor({ timeout: FOUND_MS })
			.then(
				() => true,
				() => false,
			);
	}

	/** What the node search says of a node that it shows. */
	async descriptionOf(name: string): Promise<string> {
		return await this.found(name).locator(byTestId('node-creator-item-description')).innerText();
	}

	private get creator(): Locator {
		return this.page.locator(byTestId('node-creator'));
	}

	private found(name: string): Locator {
		const label = this.page
			.locator(byTestId('node-creator-item-name'))
			.filter({ hasText: new RegExp(`^\\s*${escaped(name)}\\s*$`) });
		return this.creator.locator(byTestId('item-iterator-item')).filter({ has: label });
	}

	/** Into the node search. */
	private async type(text: string): Promise<void> {
		if (!(await this.creator.isVisible())) {
			await this.page.locator(byTestId('node-creator-plus-button')).click();
			await this.creator.waitFor();
		}
		await this.creator.locator(byTestId('node-creator-search-bar')).fill(text);
	}

	/** A node of the canvas. */
	node(name: string): Locator {
		return this.page.locator(`${byTestId('canvas-node')}[data-node-name="${name}"]`);
	}

	/** Opens the panel of a node. */
	async panel(name: string): Promise<Panel> {
		await this.node(name).dblclick();
		const panel = new Panel(this.page);
		await panel.root.waitFor();
		return panel;
	}

	/** Takes a picture of what is to be seen. */
	async picture(file: string): Promise<void> {
		await this.settled();
		await mkdir(dirname(file), { recursive: true });
		await this.page.screenshot({ path: file });
	}

	/** Waits until all icons and fonts are there and nothing moves any more. */
	async settled(): Promise<void> {
		await this.page.waitForLoadState('networkidle').catch(() => undefined);
		// As text: what runs in the browser is no part of this program.
		await this.page.evaluate(SETTLED);
	}
}

/** The panel of a node: input, parameters, output. */
export class Panel {
	readonly root: Locator;

	readonly output: Locator;

	readonly input: Locator;

	constructor(private readonly page: Page) {
		this.root = page.locator(byTestId('ndv'));
		this.output = this.root.locator(byTestId('output-panel'));
		this.input = this.root.locator(byTestId('ndv-input-panel'));
	}

	/** The field that names a record. */
	locator(name: string): Locator {
		return this.root.locator(byTestId(`resource-locator-${name}`));
	}

	/** How a record is named now: `From List`, `By Any`, ... */
	async mode(name: string): Promise<string> {
		const selector = this.locator(name).locator(byTestId('rlc-mode-selector'));
		return (await selector.innerText()).trim() || (await selector.locator('input').inputValue());
	}

	/** Drags a field of the input onto a parameter. */
	async drag(field: string, target: Locator): Promise<void> {
		const pill = this.input
			.locator(`[data-target="mappable"][data-name="${field}"]:visible`)
			.first();
		await pill.waitFor();
		const [from, to] = [await boxOf(pill), await boxOf(target)];
		await this.page.mouse.move(from.x, from.y);
		await this.page.mouse.down();
		// The first small move begins the drag, the later ones tell the target.
		await this.page.mouse.move(from.x + 8, from.y + 8, { steps: 4 });
		await this.page.mouse.move(to.x, to.y, { steps: 12 });
		await this.page.mouse.move(to.x + 2, to.y + 2, { steps: 2 });
		await this.page.mouse.up();
	}

	/** Runs the step and waits for its end. */
	async execute(): Promise<void> {
		await this.root.locator(byTestId('node-execute-button')).click();
		await this.ended();
	}

	/** Waits until an output or an error is shown. */
	async ended(): Promise<void> {
		await this.output
			.locator(
				['ndv-items-count', 'run-data-schema-item', 'ndv-run-data-display-mode', 'node-error-view']
					.map((id) => `${byTestId(id)}:visible`)
					.join(', '),
			)
			.first()
			.waitFor();
	}

	/** The output as a table. */
	async table(): Promise<{ columns: string[]; rows: string[][] }> {
		await this.output.locator(byTestId('radio-button-table')).click();
		const table = this.output.locator('table').first();
		await table.waitFor();
		const columns = await table.locator('thead th').allInnerTexts();
		const rows = await Promise.all(
			(await table.locator('tbody tr').all()).map(
				async (row) => await row.locator('td').allInnerTexts(),
			),
		);
		return { columns: columns.map(trimmed), rows: rows.map((row) => row.map(trimmed)) };
	}

	async close(): Promise<void> {
		await this.page.locator(byTestId('ndv-close-button')).first().click();
		await this.root.waitFor({ state: 'hidden' });
	}
}

const trimmed = (text: string) => text.trim();

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

async function boxOf(locator: Locator): Promise<{ x: number; y: number }> {
	await locator.scrollIntoViewIfNeeded();
	const box = await locator.boundingBox();
	if (!box) throw new Error('What is to be dragged cannot be seen');
	return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
