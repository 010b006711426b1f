import type { GlobalThemeOverrides } from 'naive-ui'

/** The tokens of tokens.css, as Naive UI wants them (it computes with colours: no variables). */
export const naiveTheme: GlobalThemeOverrides = {
  common: {
    fontFamily:
      "'Figtree Variable', 'PingFang SC', 'HarmonyOS Sans SC', 'MiSans', 'Noto Sans CJK SC', 'Noto Sans SC', 'Microsoft YaHei', system-ui, sans-serif",
    primaryColor: '#1f4238',
    primaryColorHover: '#2a5a4c',
    primaryColorPressed: '#173029',
    primaryColorSuppl: '#3a7a68',
    infoColor: '#2a5a4c',
    infoColorHover: '#3a7a68',
    infoColorPressed: '#1f4238',
    successColor: '#17784f',
    warningColor: '#a86500',
    errorColor: '#cf3426',
    textColorBase: '#10201b',
    textColor1: '#10201b',
    textColor2: '#34443d',
    textColor3: '#5f7068',
    borderColor: '#dfe5e0',
    dividerColor: '#ebefea',
    bodyColor: '#f5f7f4',
    cardColor: '#ffffff',
    hoverColor: '#f1f5f2',
    borderRadius: '8px',
    borderRadiusSmall: '6px',
    fontWeightStrong: '650',
  },
  Card: { borderRadius: '14px', paddingMedium: '18px 20px' },
  DataTable: { thColor: '#f5f7f4', thTextColor: '#5f7068', borderRadius: '14px' },
  Button: { fontWeight: '600' },
  Tag: { borderRadius: '6px' },
}
