import type { IDataObject } from 'n8n-workflow';
import type { Pbx } from '../../sandbox/pbx';
import { CredentialStore } from './n8n';

/** A row of a table of tenants: a PBX and its API client. */
export const tenantRow = ({
	url,
	defaultClient: { clientId, clientSecret },
}: Pbx): IDataObject => ({
	url,
	clientId,
	clientSecret,
});

/** One credential for all of them: its fields are those of each item, as {@link tenantRow} has them. */
export const tenantCredentials = () =>
	new CredentialStore({
		pbxUrl: '={{ $json.url }}',
		clientId: '={{ $json.clientId }}',
		clientSecret: '={{ $json.clientSecret }}',
	});
