import { isDomainAllowed } from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';

/** What n8n adds to every credential that extends `oAuth2Api`. */
export interface DomainRestriction {
	allowedHttpRequestDomains?: 'all' | 'domains' | 'none';
	/** Comma-separated host names; `*.example.com` means subdomains only. */
	allowedDomains?: string;
}

/**
 * Honours the field Allowed HTTP Request Domains that n8n adds to the credential. `none` is what the editor writes into
 * new OAuth2 credentials and keeps the HTTP Request node out; the credential's own nodes are not meant by it. n8n has
 * this rule as `getCredentialOwnRequestAllowedDomains`, but only from 2.40 on.
 *
 * @param restriction the two fields
 * @param origin the PBX, such as `https://pbx.example.com:5001`
 * @throws ThreeCxError of kind `forbidden` when the credential may not be used there
 */
export function assertDomainAllowed(
	{ allowedHttpRequestDomains, allowedDomains = '' }: DomainRestriction,
	origin: string,
): void {
	if (allowedHttpRequestDomains !== 'domains') return;
	// n8n's matching takes an empty list for no limit, but the person chose "Specific Domains".
	if (allowedDomains.trim() !== '' && isDomainAllowed({ url: origin, allowedDomains })) return;
	throw new ThreeCxError({
		kind: 'forbidden',
		field: 'allowedDomains',
		message: `This credential may not be used with ${origin}`,
		hint: 'Its field "Allowed Domains" does not include that host. Add it there, or set "Allowed HTTP Request Domains" to All.',
	});
}
