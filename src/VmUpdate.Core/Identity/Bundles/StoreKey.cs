using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace VmUpdate.Core.Identity;

/// <summary>The key of an identity store: pinned while it is held, zeroed when it is let go.</summary>
internal sealed class StoreKey : IDisposable
{
    public const int Size = 32;
    private readonly byte[] _bytes = new byte[Size];
    private readonly GCHandle _pin;

    /// <param name="id">The key's id.</param>
    /// <param name="bytes">The key; zeroed here.</param>
    public StoreKey(Guid id, byte[] bytes)
    {
        _pin = GCHandle.Alloc(_bytes, GCHandleType.Pinned);
        Id = id;
        Buffer.BlockCopy(bytes, 0, _bytes, 0, Size);
        Array.Clear(bytes, 0, bytes.Length);
    }

    public Guid Id { get; }

    public static byte[] Random(int size)
    {
        var bytes = new byte[size];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(bytes);
        return bytes;
    }

    public byte[] Protect(IKeyProtector protector) => protector.Protect(_bytes);

    /// <summary>A key for one purpose and one bundle. No key is ever used for two things.</summary>
    public byte[] Derive(string purpose, byte[] salt)
    {
        using var hmac = new HMACSHA256(_bytes);
        return hmac.ComputeHash([.. Encoding.ASCII.GetBytes(purpose), .. salt]);
    }

    public void Dispose()
    {
        Array.Clear(_bytes, 0, _bytes.Length);
        if (_pin.IsAllocated)
        {
            _pin.Free();
        }
    }
}
