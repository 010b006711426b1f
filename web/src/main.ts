import '@fontsource-variable/figtree/wght.css'
import '@fontsource/barlow-semi-condensed/latin-600.css'
import './design/tokens.css'
import './design/base.css'
import { createApp } from 'vue'
import App from './App.vue'
import { i18n, loadMessages } from './i18n'
import { router } from './router'

const app = createApp(App).use(i18n).use(router)
await loadMessages('common')
app.mount('#app')
