import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import type { Owner } from '../../../sandbox/playground/api';
import { byTestId, exactly, openBrowser, signIn, THUMBNAIL, WINDOW } from './browser';
import { CredentialForm } from './credentialForm';
import { Panel } from './panel';

/**
 * n8n's editor in a real browser, as people use it: what they click, type, drag and read. All waiting is for something to
 * be seen, and has an end. Where n8n names a thing for its own tests (`data-test-id`), it is found by that.
 */

/** How long anything may take to be seen, in ms; the machine may be busy. */
const STEP_MS = 60_000;

/** How long the search may take to show a node, in ms. */
const FOUND_MS = 5_000;

/** Finds nothing: what is shown afterwards is new. */
const NONSENSE = 'qqxxzz';

/** Shows the workflow alone: n8n's controls lie over it. */
const WORKFLOW_ALONE = `body * { visibility: hidden }
	[data-test-id="canvas-wrapper"], .vue-flow__viewport, .vue-flow__viewport * { visibility: visible }`;

/** What n8n calls its themes. */
export type Theme = 'light' | 'dark';

/** What the editor says for some seconds. */
const TOAST = '.el-notification';

/** How it says that an execution has ended. */
const ENDED = /executed successfully|Problem in|Error|cannot/;

/** Resolves in the browser when fonts are there and nothing moves that comes to rest. */
const SETTLED = `document.fonts.ready.then(() => Promise.all(document.getAnimations()
	.filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
	.map(({ finished }) => finished.catch(() => undefined)))).then(() => undefined)`;

/** In the browser: the address of an image, and how wide it is; 0 when it cannot be drawn. */
const DRAWN: (image: unknown) => Promise<{ source: string; width: number }> = async (image) => {
	const { src, decode } = image as { src: string; decode(): Promise<void> };
	await decode.call(image).catch(() => undefined);
	const { naturalWidth } = image as { naturalWidth: number };
	return { source: new URL(src).pathname, width: naturalWidth };
};

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

	/** Opens a saved workflow. */
	async workflow(id: string, theme: Theme = 'light'): Promise<void> {
		await this.page.goto(`${this.url}/workflow/${id}?theme=${theme}`);
		const something = [byTestId('canvas-node'), byTestId('canvas-add-button')].join(', ');
		await this.page.locator(something).first().waitFor();
	}

	/** Any page of n8n, or another one. */
	async visit(path: string): Promise<void> {
		await this.page.goto(path.startsWith('http') ? path : `${this.url}${path}`);
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
			.filter({ hasText: exactly(name) });
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

	/** Begins a credential from the panel that is open. */
	async newCredential(): Promise<CredentialForm> {
		const select = this.page.locator(byTestId('node-credentials-select'));
		const empty = this.page.locator(byTestId('node-credentials-empty-state'));
		await select.or(empty).first().waitFor();
		if (await empty.isVisible()) await empty.locator('button').first().click();
		else {
			await select.click();
			await this.page.locator(byTestId('node-credentials-select-item-new')).click();
		}
		const form = new CredentialForm(this.page);
		await form.root.waitFor();
		return form;
	}

	/** Waits until something is created, such as one of the `credentials`. @returns its ID */
	async created(what: string): Promise<string> {
		const response = await this.page.waitForResponse(
			(each) =>
				each.request().method() === 'POST' && new URL(each.url()).pathname === `/rest/${what}`,
		);
		return ((await response.json()) as { data: { id: string } }).data.id;
	}

	/** Imports a workflow, as **··· > Import > From file** does. */
	async import(name: string, content: string): Promise<void> {
		const buffer = Buffer.from(content);
		await this.page
			.locator(byTestId('workflow-import-input'))
			.setInputFiles({ name, mimeType: 'application/json', buffer });
		await this.page.locator(byTestId('canvas-node')).first().waitFor();
	}

	/** Names of the nodes that the editor complains about. */
	async troubledNodes(): Promise<string[]> {
		const troubled = this.page.locator(
			`${byTestId('canvas-node')}:has([data-test-id="node-issues"], [data-test-id="canvas-node-status-warning"])`,
		);
		return await Promise.all(
			(await troubled.all()).map(async (node) => (await node.getAttribute('data-node-name')) ?? ''),
		);
	}

	/**
	 * Executes the whole workflow from one of its triggers, with the button that is beside it, and waits for the end.
	 *
	 * @param happen what the trigger waits for
	 * @returns what the editor says of it
	 */
	async run(trigger: string, happen?: () => Promise<void>): Promise<string> {
		await this.node(trigger).hover();
		await this.page.locator(byTestId(`execute-workflow-button-${trigger}`)).click();
		await happen?.();
		const ended = this.page.locator(TOAST).filter({ hasText: ENDED }).first();
		await ended.waitFor();
		return (await ended.innerText()).trim();
	}

	/** Publishes the workflow, as its button does, and waits until it is live. */
	async publish(): Promise<void> {
		await this.page.locator(byTestId('workflow-open-publish-modal-button')).click();
		const button = this.page.locator(byTestId('workflow-publish-button'));
		await button.click();
		await button.waitFor({ state: 'hidden' });
	}

	/** The icon of a node as it is drawn. */
	async icon(node: string): Promise<{ source: string; width: number }> {
		const image = this.node(node).locator('img').first();
		await image.waitFor();
		return await image.evaluate(DRAWN);
	}

	/** Takes a picture of what is to be seen, or of a part of it. */
	async picture(file: string, of?: Locator): Promise<void> {
		await this.tidy();
		await this.settled();
		await mkdir(dirname(file), { recursive: true });
		await (of ?? this.page).screenshot({ path: file });
	}

	/** Shows the whole workflow in a small window while something is done with its canvas. */
	async asThumbnail(take: (canvas: Locator) => Promise<void>): Promise<void> {
		await this.page.setViewportSize(THUMBNAIL);
		const canvas = this.page.locator(byTestId('canvas-wrapper'));
		await this.page.locator(byTestId('zoom-to-fit')).click();
		const bare = await this.page.addStyleTag({ content: WORKFLOW_ALONE });
		await take(canvas);
		await bare.evaluate((style) => (style as unknown as { remove(): void }).remove());
		await this.page.setViewportSize(WINDOW);
	}

	/** Closes what n8n says and proposes beside what we look at. */
	private async tidy(): Promise<void> {
		const closes = `${TOAST}__closeBtn, ${byTestId('suggested-actions-close')}`;
		for (const close of await this.page.locator(closes).all())
			await close.click().catch(() => undefined);
		await this.page.locator(TOAST).first().waitFor({ state: 'detached' });
	}

	/** Moves what the canvas shows down by so many pixels. */
	async pan(y: number): Promise<void> {
		await this.settled();
		await this.tidy();
		const box = await this.page.locator('.vue-flow__pane').first().boundingBox();
		assert.ok(box, 'there is no canvas');
		await this.page.mouse.move(box.x + 20, box.y + box.height / 2);
		await this.page.mouse.wheel(0, -y);
	}

	/** Waits until all icons and fonts are there and nothing moves any more. */
	async settled(): Promise<void> {
		await this.page.waitForLoadState('networkidle').catch(() => undefined);
		// As text: what runs in the browser is no part of this program.
		await this.page.evaluate(SETTLED);
	}
}
