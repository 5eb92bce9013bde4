import { chromium, type Browser, type Page } from 'playwright-core';
import type { Owner } from '../../../sandbox/playground/api';

/** The browser that looks at n8n's editor. */

const FLAGS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

/** How large its window is, in pixels. */
export const WINDOW = { width: 1360, height: 800 };

/** The same for a picture of a whole workflow. */
export const THUMBNAIL = { width: 900, height: 480 };

/** Starts the browser that CHROMIUM_PATH names; default Debian's `/usr/bin/chromium`. */
export const openBrowser = async (): Promise<Browser> =>
	await chromium.launch({
		executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
		args: FLAGS,
	});

/**
 * Signs in to an n8n, and waits until its first page is there.
 *
 * @param url of n8n, without a trailing slash
 * @param owner who signs in
 */
export async function signIn(page: Page, url: string, { email, password }: Owner): Promise<void> {
	await page.goto(`${url}/signin`);
	await page.fill('input[type="email"]', email);
	await page.fill('input[type="password"]', password);
	await page.keyboard.press('Enter');
	await page.waitForURL((current) => !current.pathname.startsWith('/signin'));
}

/** Selects what n8n names so for its own tests. */
export const byTestId = (id: string): string => `[data-test-id="${id}"]`;

/** Finds a text that is nothing but this, whatever space is around it. */
export const exactly = (text: string): RegExp =>
	new RegExp(`^\\s*${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`);
