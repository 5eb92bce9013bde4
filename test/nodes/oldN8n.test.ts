import type { RequestContext } from '../../nodes/shared/tokens';

/** A node in an n8n that is too old. Apart from n8nVersion.test.ts, because it needs modules of its own. */

test('a node asks before it reads the credential', async () => {
	await jest.isolateModulesAsync(async () => {
		jest.doMock('n8n-workflow/package.json', () => ({ version: '2.29.7' }));
		const { connectTo } = await import('../../nodes/shared/connect');
		const getCredentials = jest.fn();
		const context = { getCredentials } as unknown as RequestContext;
		await expect(connectTo(context)).rejects.toThrow('need n8n 2.30 or later; this is n8n 2.29');
		expect(getCredentials).not.toHaveBeenCalled();
	});
});
