using System.Security.Cryptography;
using System.Text;
using VmUpdate.Core.Identity.Secrets;

namespace VmUpdate.Core.Identity;

/// <summary>The key of an identity store: pinned while it is held, zeroed when it is let go.</summary>
internal sealed class StoreKey : IDisposable
{
    public const int Size = 32;
    private readonly SecretBuffer _bytes;

    /// <param name="id">The key's id.</param>
    /// <param name="bytes">The key; zeroed here.</param>
    public StoreKey(Guid id, byte[] bytes)
    {
        Id = id;
        _bytes = SecretBuffer.Take(bytes);
    }

    public Guid Id { get; }

    public static byte[] Random(int size)
    {
        var bytes = new byte[size];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(bytes);
        return bytes;
    }

    public byte[] Protect(IKeyProtector protector) => protector.Protect(_bytes.Pinned);

    /// <summary>A key for one purpose and one bundle. No key is ever used for two things.</summary>
    public byte[] Derive(string purpose, byte[] salt)
    {
        using var hmac = new HMACSHA256(_bytes.Pinned);
        return hmac.ComputeHash([.. Encoding.ASCII.GetBytes(purpose), .. salt]);
    }

    public void Dispose() => _bytes.Dispose();
}
