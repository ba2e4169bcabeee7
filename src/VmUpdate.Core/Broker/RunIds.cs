using System.Security.Cryptography;

namespace VmUpdate.Core.Broker;

/// <summary>The ids of runs. They follow from what the run is, so that every process that plans it gives it the same.</summary>
internal static class RunIds
{
    /// <summary>The id of a run.</summary>
    /// <param name="task">Its task.</param>
    /// <param name="vm">Its machine.</param>
    /// <param name="occurrence">Its occurrence.</param>
    /// <returns>The id.</returns>
    public static Guid Of(Guid task, Guid vm, int occurrence)
    {
        byte[] content = new byte[36];
        task.ToByteArray().CopyTo(content, 0);
        vm.ToByteArray().CopyTo(content, 16);
        for (int i = 0; i < 4; i++)
        {
            content[32 + i] = (byte)((occurrence >> (8 * i)) & 0xFF);
        }

#if NET8_0_OR_GREATER
        byte[] hash = SHA256.HashData(content);
#else
        using var sha256 = SHA256.Create();
        byte[] hash = sha256.ComputeHash(content);
#endif
        byte[] id = new byte[16];
        Array.Copy(hash, id, id.Length);
        return new Guid(id);
    }
}
