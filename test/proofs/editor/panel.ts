import type { Locator, Page } from 'playwright-core';
import { byTestId } from './browser';

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

	/** Chooses a record from the list that comes from the PBX. */
	async pick(name: string, search: string): Promise<void> {
		const field = this.locator(name);
		await field.locator(byTestId('rlc-input')).click();
		await this.page
			.locator(`input${byTestId('rlc-search')}:visible, ${byTestId('rlc-search')}:visible input`)
			.fill(search);
		await this.page
			.locator(`${byTestId('rlc-item')}:visible`)
			.filter({ hasText: search })
			.first()
			.click();
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
		// What is missing there is known to be there now.
		await target.locator(byTestId('parameter-issues')).waitFor({ state: 'hidden' });
	}

	/** Runs the step and waits for its end. */
	async execute(): Promise<void> {
		await this.root.locator(byTestId('node-execute-button')).click();
		await this.ended();
	}

	/** Tries a trigger: when it listens, something happens that it tells. */
	async listen(happen: () => Promise<void>): Promise<void> {
		await this.root.locator(byTestId('node-execute-button')).first().click();
		await happen();
		await this.ended();
	}

	/** The input of a parameter; such as `filters.conditions[0].value`. */
	parameter(path: string): Locator {
		return this.root.locator(`[data-parameter-path="parameters.${path}"] input`);
	}

	/** The conditions of the filter. */
	get filters(): Locator {
		return this.root.locator(byTestId('fixed-collection-filters'));
	}

	/** Adds a condition to the filter: a field, an operator, a value. */
	async addCondition(field: string, operator: string, value: string): Promise<void> {
		const list = this.filters;
		const count = await list.locator(byTestId('parameter-input-operator')).count();
		await this.choose(list.getByPlaceholder('Add Condition'), 'Condition');
		const newest = (name: string) => this.parameter(`filters.conditions[${count}].${name}`);
		await this.choose(newest('field'), field);
		await this.choose(newest('operator'), operator);
		await newest('value').fill(value);
	}

	/** Moves a part of the parameters to their top. */
	async scrollTo(part: Locator): Promise<void> {
		await part.evaluate((element: unknown) => {
			(element as { scrollIntoView(): void }).scrollIntoView();
		});
	}

	/** Chooses from a dropdown. */
	async choose(dropdown: Locator, label: string): Promise<void> {
		await dropdown.click();
		// Below the label an option may have a description.
		await this.page
			.locator('.el-select-dropdown__item:visible')
			.filter({ has: this.page.getByText(label, { exact: true }) })
			.first()
			.click();
	}

	/** Lets the model of an AI agent fill in a field, as the button with the stars does. */
	async letModelFill(field: Locator): Promise<void> {
		await field.hover();
		await field.locator(byTestId('from-ai-override-button')).click();
		await this.root.locator(byTestId('fromAI-override-field')).first().waitFor();
	}

	/** Waits until an output or an error is shown. */
	async ended(): Promise<void> {
		await this.output
			.locator(
				['ndv-items-count', 'run-data-schema-item', 'ndv-run-data-display-mode', 'node-error-card']
					.map((id) => `${byTestId(id)}:visible`)
					.join(', '),
			)
			.first()
			.waitFor();
	}

	/** Chooses how the output is shown. */
	async showAs(view: 'table' | 'schema' | 'json'): Promise<void> {
		await this.output.locator(byTestId(`radio-button-${view}`)).click();
	}

	/** The output as a table. */
	async table(): Promise<{ columns: string[]; rows: string[][] }> {
		await this.showAs('table');
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

	/** The error as people read it: what happened, and what to do. */
	async error(): Promise<{ message: string; description: string }> {
		const read = async (part: string) =>
			(await this.output.locator(byTestId(`node-error-${part}`)).innerText()).trim();
		return { message: await read('message'), description: await read('description') };
	}

	/** All that the parameters say. */
	async words(): Promise<string> {
		return await textOf(this.root.locator(byTestId('node-parameters')));
	}

	async close(): Promise<void> {
		await this.page.locator(byTestId('ndv-close-button')).first().click();
		await this.root.waitFor({ state: 'hidden' });
	}
}

const trimmed = (text: string) => text.trim();

const textOf = async (locator: Locator): Promise<string> =>
	((await locator.count()) === 0 ? '' : await locator.first().innerText()).trim();

async function boxOf(locator: Locator): Promise<{ x: number; y: number }> {
	await locator.scrollIntoViewIfNeeded();
	const box = await locator.boundingBox();
	if (!box) throw new Error('What is to be dragged cannot be seen');
	return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
