import type { Locator, Page } from 'playwright-core';
import { byTestId } from './browser';

/** The form of a credential. */
export class CredentialForm {
	readonly root: Locator;

	/** With its heading and its buttons. */
	readonly window: Locator;

	constructor(private readonly page: Page) {
		this.root = page.locator(byTestId('credential-edit-dialog'));
		this.window = page.locator('.el-dialog').filter({ has: this.root });
	}

	/** The labels of its fields, from top to bottom. */
	async labels(): Promise<string[]> {
		const labels = this.root.locator(`${byTestId('credential-connection-parameter')} label`);
		await labels.first().waitFor();
		return (await labels.allInnerTexts()).map((text) => text.split(/[*\n]/)[0]!.trim());
	}

	/** Types into its fields. */
	async fill(values: Record<string, string>): Promise<void> {
		for (const [name, value] of Object.entries(values))
			await this.root
				.locator(byTestId(`parameter-input-${name}`))
				.locator('input')
				.fill(value);
	}

	/**
	 * Saves it, and waits for what Test says.
	 *
	 * @returns what is wrong; undefined when it is well, and then n8n closes the form
	 */
	async save(): Promise<string | undefined> {
		const tested = this.page.waitForResponse('**/rest/credentials/test');
		await this.page.locator(byTestId('credential-save-button')).click();
		const { data } = (await (await tested).json()) as { data: { status: string; message: string } };
		if (data.status === 'OK') {
			await this.root.waitFor({ state: 'hidden' });
			return undefined;
		}
		await this.root.getByText('More details').click();
		const said = this.root.getByText(data.message).first();
		await said.waitFor();
		return await said.innerText();
	}
}
