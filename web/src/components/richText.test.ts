import { describe, expect, it } from 'vitest'
import { richText } from './richText'

const OWN = `/media-files/pictures/${'a'.repeat(32)}.webp`

describe('richText', () => {
  it('shows what a merchant writes', () => {
    expect(richText('**补水** 面膜\n- 一盒\n- 两盒')).toBe(
      '<p><strong>补水</strong> 面膜</p>\n<ul>\n<li>一盒</li>\n<li>两盒</li>\n</ul>\n',
    )
    expect(richText(`![图](${OWN})`)).toBe(`<p><img src="${OWN}" alt="图" loading="lazy"></p>\n`)
  })

  it('lets nothing through that could run or tell', () => {
    expect(richText('<img src=x onerror=alert(1)>')).toBe(
      '<p>&lt;img src=x onerror=alert(1)&gt;</p>\n',
    )
    expect(richText('[x](javascript:alert(1))')).toBe('<p>[x](javascript:alert(1))</p>\n')
    expect(richText('![seen](https://tracker.example/p.gif)')).toBe('<p>seen</p>\n')
  })

  it('opens links elsewhere, without our name', () => {
    expect(richText('[a](https://a.example)')).toBe(
      '<p><a href="https://a.example" target="_blank" rel="noopener nofollow ugc">a</a></p>\n',
    )
  })
})
