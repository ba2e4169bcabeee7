namespace VmUpdate.GuestAgent;

/// <summary>Files that must outlive a loss of power.</summary>
internal static class SafeFile
{
    /// <summary>Puts a file in the place of another, whole or not at all. Only the system's administrator may read it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its content.</param>
    public static void Replace(string path, byte[] bytes)
    {
        string temporary = path + ".new";
        File.Delete(temporary);
        using (FileStream file = Platform.CreatePrivateFile(temporary))
        {
            file.Write(bytes, 0, bytes.Length);
            file.Flush(flushToDisk: true);
        }

        Platform.MoveOver(temporary, path);
        Platform.FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxLength">How long it may be, in bytes.</param>
    /// <exception cref="IOException">It is longer, or cannot be read.</exception>
    public static byte[] Read(string path, int maxLength)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (file.Length > maxLength)
        {
            throw new IOException($"{path} has {file.Length} bytes, and {maxLength} is the most.");
        }

        var bytes = new byte[file.Length];
        int used = 0;
        while (used < bytes.Length)
        {
            int count = file.Read(bytes, used, bytes.Length - used);
            if (count == 0)
            {
                throw new IOException($"{path} became shorter while it was read.");
            }

            used += count;
        }

        return bytes;
    }
}
