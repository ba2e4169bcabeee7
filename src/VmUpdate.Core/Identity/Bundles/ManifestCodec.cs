using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace VmUpdate.Core.Identity;

/// <summary>A bundle's plain bytes: the length of the manifest (4), the key of its hashes (32), the manifest as JSON, the payload.</summary>
internal static class ManifestCodec
{
    private const int LengthSize = sizeof(int);
    private const int MaxManifestSize = 256 << 20; // a million files; a reader allocates it
    private static readonly JsonSerializerOptions Options = new() { Converters = { new JsonStringEnumConverter() } };

    /// <summary>A manifest as people may read it: no secret and no key is in it.</summary>
    public static byte[] ToJson(IdentityManifest manifest) => JsonSerializer.SerializeToUtf8Bytes(manifest, Options);

    public static byte[] Encode(IdentityManifest manifest)
    {
        byte[] json = ToJson(manifest);
        var bytes = new byte[LengthSize + IdentityHash.KeySize + json.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, json.Length);
        manifest.HashKey.CopyTo(bytes, LengthSize);
        json.CopyTo(bytes, LengthSize + IdentityHash.KeySize);
        return bytes;
    }

    /// <summary>Reads the manifest at the start of a bundle's plain bytes.</summary>
    /// <returns>The manifest, and where the payload starts.</returns>
    public static (IdentityManifest Manifest, long PayloadOffset) Decode(IBundlePayload plain, string subject)
    {
        const int front = LengthSize + IdentityHash.KeySize;
        if (plain.Length < front)
        {
            throw Unreadable(subject, null);
        }

        var start = new byte[front];
        plain.Read(0, start);
        int length = BinaryPrimitives.ReadInt32LittleEndian(start);
        if (length is <= 0 or > MaxManifestSize || length > plain.Length - front)
        {
            throw Unreadable(subject, null);
        }

        var json = new byte[length];
        plain.Read(front, json);
        try
        {
            IdentityManifest manifest = JsonSerializer.Deserialize<IdentityManifest>(json, Options) ?? throw Unreadable(subject, null);
            return manifest.Version <= IdentityManifest.CurrentVersion
                ? (manifest.WithKey(start.AsSpan(LengthSize).ToArray()), front + length)
                : throw new IdentityException(
                    IdentityFailure.BundleNewerVersion,
                    subject,
                    $"its manifest was written by a newer version of VmUpdate ({manifest.Version}; this one knows {IdentityManifest.CurrentVersion}).");
        }
        catch (JsonException failure)
        {
            throw Unreadable(subject, failure);
        }
    }

    private static IdentityException Unreadable(string subject, Exception? inner) =>
        new(IdentityFailure.BundleDamaged, subject, "its manifest cannot be read.", inner: inner);
}
