import { takeFound } from './watch';

afterEach(() => {
	const found = takeFound();
	if (found.length > 0)
		throw new Error(`Secrets have shown that nobody asked for:\n${found.join('\n')}`);
});
