import MarkdownIt from 'markdown-it'

/** Pictures come from our own store alone: another address would see who looks. */
const OWN_PICTURE = /^\/media-files\/pictures\/[0-9a-f]{32}\.webp$/

const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true })
const plainLink = markdown.renderer.rules.link_open
markdown.renderer.rules.link_open = (tokens, index, options, env, self) => {
  tokens[index]?.attrSet('target', '_blank')
  tokens[index]?.attrSet('rel', 'noopener nofollow ugc')
  return plainLink?.(tokens, index, options, env, self) ?? self.renderToken(tokens, index, options)
}
const plainImage = markdown.renderer.rules.image
markdown.renderer.rules.image = (tokens, index, options, env, self) => {
  const source = String(tokens[index]?.attrGet('src') ?? '')
  if (!OWN_PICTURE.test(source)) return markdown.utils.escapeHtml(tokens[index]?.content ?? '')
  tokens[index]?.attrSet('loading', 'lazy')
  return plainImage?.(tokens, index, options, env, self) ?? ''
}

/** Markdown as HTML that is safe to show: no HTML of its own, no scripts, no foreign pictures. */
export function richText(source: string): string {
  return markdown.render(source)
}
