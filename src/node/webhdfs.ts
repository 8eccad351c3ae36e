import { type WebHdfsOptions, WebHdfsStore } from '../store/webhdfs.ts'
import type { Environment } from './s3.ts'

/** HDFS by WebHDFS for Node, with what the environment says. */
export { type WebHdfsOptions, WebHdfsStore }

/** WebHDFS with what the environment says; `options` go before it. */
export function webHdfsFromEnvironment(options: WebHdfsOptions = {}, env: Environment = process.env): WebHdfsStore {
  return new WebHdfsStore({ ...webHdfsOptions(env), ...options })
}

export function webHdfsOptions(env: Environment): WebHdfsOptions {
  const endpoints = (env.KOBEL_WEBHDFS_URL ?? '').split(',').map((each) => each.trim())
  return {
    endpoints: endpoints.filter((each) => each !== ''),
    user: env.HADOOP_USER_NAME || undefined,
    delegationToken: env.KOBEL_WEBHDFS_TOKEN || undefined,
  }
}
