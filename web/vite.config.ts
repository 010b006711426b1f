import { fileURLToPath, URL } from 'node:url'
import { VantResolver } from '@vant/auto-import-resolver'
import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import type { ConfigEnv, PluginOption } from 'vite'
import type { ViteUserConfig } from 'vitest/config'

const API_ORIGIN = process.env.SHOPCAST_WEB_ORIGIN ?? 'http://127.0.0.1:8000'

export default async ({ mode }: ConfigEnv): Promise<ViteUserConfig> => {
  const plugins: PluginOption[] = [
    vue(),
    Components({ dirs: [], dts: false, resolvers: [VantResolver()] }),
  ]
  if (mode === 'mock') {
    const { mockBackend } = await import('./dev/mock/plugin.ts')
    plugins.push(mockBackend())
  }
  return {
    plugins,
    resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
    define: {
      __VUE_OPTIONS_API__: 'true',
      __VUE_PROD_DEVTOOLS__: 'false',
      __INTLIFY_JIT_COMPILATION__: 'true',
      __VUE_I18N_LEGACY_API__: 'false',
      __VUE_I18N_FULL_INSTALL__: 'false',
    },
    build: {
      target: 'es2022',
      outDir: 'dist',
      reportCompressedSize: false,
      chunkSizeWarningLimit: 900,
      rolldownOptions: {
        output: {
          // Few files instead of many small ones: what every page needs, and what several share.
          codeSplitting: {
            groups: [
              {
                name: 'vendor',
                test: /node_modules[\\/](?:@?vue[\\/-]|vue-|@intlify)/,
                priority: 2,
              },
              {
                name: 'shared',
                test: /src[\\/](?:api|components|composables|format|i18n|live|session)[\\/](?!.*\.json)/,
                minShareCount: 2,
                priority: 1,
              },
            ],
          },
        },
      },
    },
    server: {
      port: 5173,
      proxy: mode === 'mock' ? {} : { '/api': { target: API_ORIGIN, changeOrigin: false } },
    },
    test: { environment: 'node', include: ['src/**/*.test.ts'] },
  }
}
