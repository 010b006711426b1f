/** A province, city or district of China; `value` is its code (GB/T 2260). */
export interface Region {
  text: string
  value: string
  children?: Region[]
}

/** What foreigners call the provinces; cities and districts stay in Chinese, as couriers need them. */
export const PROVINCE_EN: Readonly<Record<string, string>> = {
  110000: 'Beijing',
  120000: 'Tianjin',
  130000: 'Hebei',
  140000: 'Shanxi',
  150000: 'Inner Mongolia',
  210000: 'Liaoning',
  220000: 'Jilin',
  230000: 'Heilongjiang',
  310000: 'Shanghai',
  320000: 'Jiangsu',
  330000: 'Zhejiang',
  340000: 'Anhui',
  350000: 'Fujian',
  360000: 'Jiangxi',
  370000: 'Shandong',
  410000: 'Henan',
  420000: 'Hubei',
  430000: 'Hunan',
  440000: 'Guangdong',
  450000: 'Guangxi',
  460000: 'Hainan',
  500000: 'Chongqing',
  510000: 'Sichuan',
  520000: 'Guizhou',
  530000: 'Yunnan',
  540000: 'Tibet',
  610000: 'Shaanxi',
  620000: 'Gansu',
  630000: 'Qinghai',
  640000: 'Ningxia',
  650000: 'Xinjiang',
  710000: 'Taiwan',
  810000: 'Hong Kong',
  820000: 'Macao',
}

let loading: Promise<Region[]> | null = null

/** All of them; 33 KB that only who opens the picker loads. */
export function loadRegions(): Promise<Region[]> {
  loading ??= import('@vant/area-data').then(({ useCascaderAreaData }) => useCascaderAreaData())
  loading.catch(() => {
    loading = null
  })
  return loading
}

/** As addresses hold it: 浙江省 杭州市 西湖区; a municipality is not named twice: 北京市 东城区. */
export function regionText(path: readonly Region[]): string {
  return path
    .map(({ text }) => text)
    .filter((text, index, all) => text !== all[index - 1])
    .join(' ')
}

/** The code of the last part of what `regionText` has written; null for what was typed by hand. */
export function codeOf(all: readonly Region[], region: string): string | null {
  function search(options: readonly Region[], path: readonly Region[]): string | null {
    for (const option of options) {
      const next = [...path, option]
      if (!option.children && regionText(next) === region) return option.value
      if (option.children && `${region} `.startsWith(`${regionText(next)} `)) {
        const found = search(option.children, next)
        if (found) return found
      }
    }
    return null
  }
  return search(all, [])
}
