"""The Kotlin sample of the bundle: verify a manifest, is it for us, fetch a file with resume, hash."""

from __future__ import annotations

SAMPLE = r"""// Verify Josi's manifest and fetch its model: the core of the download on Android.
// A sample to start from; ANDROID.md has the whole flow. Runs off the main thread, in a WorkManager
// job with a network constraint, one job at a time (enqueueUniqueWork, KEEP).
package com.mivalta.josi

import java.io.File
import java.io.IOException
import java.io.RandomAccessFile
import java.math.BigInteger
import java.net.HttpURLConnection
import java.net.URL
import java.security.KeyFactory
import java.security.MessageDigest
import java.security.Signature
import java.security.spec.X509EncodedKeySpec
import java.time.Instant
import java.util.Base64
import org.json.JSONObject

private const val MANIFEST_TYPE = "application/vnd.josi.manifest+json"

/** The 12 bytes before a raw Ed25519 key in its X.509 form (RFC 8410). */
private val X509_PREFIX = byteArrayOf(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00)

/**
 * Return the manifest inside a DSSE envelope if one of [trustedKeys] (base64, raw) has signed it.
 * "Ed25519" is in the platform from API 33; below, use Tink's Ed25519Verify with the same bytes.
 */
fun verifiedManifest(envelope: ByteArray, trustedKeys: List<String>): JSONObject {
    val outer = JSONObject(String(envelope, Charsets.UTF_8))
    require(outer.getString("payloadType") == MANIFEST_TYPE) { "not a manifest" }
    val payload = Base64.getDecoder().decode(outer.getString("payload"))
    val message = "DSSEv1 ${MANIFEST_TYPE.length} $MANIFEST_TYPE ${payload.size} ".toByteArray() + payload
    val signatures = outer.getJSONArray("signatures")
    for (key in trustedKeys) {
        val spec = X509EncodedKeySpec(X509_PREFIX + Base64.getDecoder().decode(key))
        val public = KeyFactory.getInstance("Ed25519").generatePublic(spec)
        for (i in 0 until signatures.length()) {
            val verifier = Signature.getInstance("Ed25519")
            verifier.initVerify(public)
            verifier.update(message)
            val bytes = Base64.getDecoder().decode(signatures.getJSONObject(i).getString("sig"))
            val good = try { verifier.verify(bytes) } catch (e: java.security.SignatureException) { false }
            if (good) return JSONObject(String(payload, Charsets.UTF_8))
        }
    }
    throw SecurityException("no trusted key has signed this manifest")
}

/** Throw if [manifest] is of another model, has expired, or is older than one that was taken here. */
fun checkFresh(manifest: JSONObject, modelId: String, highestSequence: Long, now: Instant = Instant.now()) {
    if (manifest.getString("schema") != "josi.manifest/1" || manifest.getString("model_id") != modelId) {
        throw SecurityException("not a manifest of $modelId")
    }
    if (!now.isBefore(Instant.parse(manifest.getString("expires")))) throw SecurityException("expired")
    if (manifest.getLong("sequence") < highestSequence) throw SecurityException("a replay of an older manifest")
}

/** Whether the install with this random id (made once, kept, sent nowhere) may take the version yet. */
fun inRollout(manifest: JSONObject, installId: String): Boolean {
    val rollout = manifest.optJSONObject("rollout") ?: return true
    val text = "${rollout.optString("salt")}:$installId"
    val digest = MessageDigest.getInstance("SHA-256").digest(text.toByteArray())
    val place = BigInteger(1, digest.copyOf(8)).mod(BigInteger.valueOf(10_000)).toLong()
    return place < 100 * rollout.getDouble("percent")
}

/** The largest run of bytes from 0 whose chunks match; a resumed file starts after it. */
fun goodPrefix(part: File, chunkSize: Int, chunkHashes: List<String>): Long {
    if (!part.exists()) return 0
    var good = 0L
    part.inputStream().use { stream ->
        val buffer = ByteArray(chunkSize)
        for (expected in chunkHashes) {
            var filled = 0
            while (filled < chunkSize) {
                val n = stream.read(buffer, filled, chunkSize - filled)
                if (n < 0) break
                filled += n
            }
            val digest = MessageDigest.getInstance("SHA-256")
            digest.update(buffer, 0, filled)
            if (filled == 0 || digest.digest().hex() != expected) break
            good += filled
        }
    }
    return good
}

/**
 * Fetch one file of the manifest to [target]. Throws IOException on anything that may pass (call
 * again, with growing pauses and jitter, a bounded number of times); what is there already is kept.
 */
fun fetch(url: URL, target: File, size: Long, sha256: String, chunkSize: Int, chunks: List<String>) {
    require(sha256.length == 64) { "a missing hash is a failure" }
    require(url.protocol == "https") { "https only" }
    if (target.exists() && target.length() == size) return // it was verified before it got this name
    check(target.parentFile!!.usableSpace > size + 64_000_000) { "not enough room" }
    val part = File(target.path + ".part")
    val start = goodPrefix(part, chunkSize, chunks)
    if (start < size) append(url, part, start, size)
    val digest = MessageDigest.getInstance("SHA-256")
    part.inputStream().use { stream ->
        val buffer = ByteArray(1 shl 20)
        while (true) {
            val n = stream.read(buffer)
            if (n < 0) break
            digest.update(buffer, 0, n)
        }
    }
    if (part.length() != size || digest.digest().hex() != sha256) {
        throw IOException("not the published bytes; the next call fetches from the first bad chunk")
    }
    RandomAccessFile(part, "rw").use { it.fd.sync() }
    if (!part.renameTo(target)) throw IOException("cannot rename $part")
}

private fun append(url: URL, part: File, start: Long, size: Long) {
    val connection = url.openConnection() as HttpURLConnection
    connection.connectTimeout = 20_000
    connection.readTimeout = 30_000 // a connection that stalls is given up
    connection.instanceFollowRedirects = true // never changes from https to http on Android
    connection.setRequestProperty("Accept-Encoding", "identity")
    if (start > 0) connection.setRequestProperty("Range", "bytes=$start-")
    try {
        val code = connection.responseCode
        if (connection.contentEncoding !in listOf(null, "identity")) throw IOException("encoded body")
        // A server may answer 200 to a Range: that body starts at byte 0.
        val from = when (code) {
            200 -> 0L
            206 -> start
            else -> throw IOException("HTTP $code")
        }
        if (code == 206 && connection.getHeaderField("Content-Range") != "bytes $start-${size - 1}/$size") {
            throw IOException("another range than the one asked for")
        }
        RandomAccessFile(part, "rw").use { out ->
            out.setLength(from)
            out.seek(from)
            var left = size - from
            val buffer = ByteArray(1 shl 20)
            connection.inputStream.use { body ->
                while (left > 0) {
                    val n = body.read(buffer, 0, minOf(left, buffer.size.toLong()).toInt())
                    if (n < 0) throw IOException("cut off")
                    out.write(buffer, 0, n)
                    left -= n
                }
            }
        }
    } finally {
        connection.disconnect()
    }
}

private fun ByteArray.hex() = joinToString("") { "%02x".format(it) }
"""
