using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>
/// Bytes that must not be seen: they stay at one place in memory, so that no copy is left behind when the collector moves things,
/// and are zeroed when let go.
/// </summary>
[DebuggerDisplay("(secret)")]
internal sealed class SecretBuffer : IDisposable
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _bytes;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private GCHandle _pin;

    public SecretBuffer(int length)
    {
        _bytes = new byte[length];
        _pin = GCHandle.Alloc(_bytes, GCHandleType.Pinned);
    }

    // A buffer that nobody disposed, because an exception came between, must not stay readable either.
    ~SecretBuffer() => Release();

    public int Length => _bytes.Length;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public Span<byte> Span => Pinned;

    /// <summary>The array itself, for the cryptographic calls of netstandard2.0, which know no spans. Never kept.</summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public byte[] Pinned => _pin.IsAllocated ? _bytes : throw new ObjectDisposedException(nameof(SecretBuffer));

    public static SecretBuffer CopyOf(ReadOnlySpan<byte> bytes)
    {
        var copy = new SecretBuffer(bytes.Length);
        bytes.CopyTo(copy.Span);
        return copy;
    }

    /// <summary>Takes bytes over from an array that a framework call made: the array is zeroed.</summary>
    public static SecretBuffer Take(byte[] bytes)
    {
        try
        {
            return CopyOf(bytes);
        }
        finally
        {
            Zero(bytes);
        }
    }

    /// <summary>Zeroes bytes in a way that the compiler may not leave out.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    public static void Zero(Span<byte> bytes) => bytes.Clear();

    /// <summary>Whether two secrets are equal, in a time that does not tell where they differ.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    public static bool AreEqual(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        int difference = 0;
        for (int index = 0; index < left.Length; index++)
        {
            difference |= left[index] ^ right[index];
        }

        return difference == 0;
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    public override string ToString() => "(secret)";

    private void Release()
    {
        if (_pin.IsAllocated)
        {
            Zero(_bytes);
            _pin.Free();
        }
    }
}
