namespace VmUpdate.GuestAgent.FirstBoot;

/// <summary>The Windows that the first-boot steps are done to. Calls fail with <see cref="IOException"/>.</summary>
internal interface IFirstBootTarget
{
    /// <summary>What the machine calls itself now.</summary>
    string ComputerName { get; }

    /// <summary>Reads a text of the registry.</summary>
    /// <param name="hive">SOFTWARE, SYSTEM, SECURITY, SAM or DEFAULT.</param>
    /// <param name="key">The key's path below it.</param>
    /// <param name="value">The value's name.</param>
    /// <returns>The text; <see langword="null"/> when it is not there.</returns>
    string? FindText(string hive, string key, string value);

    /// <summary>Sets a value of the registry, bytes as they are.</summary>
    /// <param name="hive">SOFTWARE, SYSTEM, SECURITY, SAM or DEFAULT.</param>
    /// <param name="key">The key's path below it; it is made when it is not there.</param>
    /// <param name="value">The value's name.</param>
    /// <param name="type">The value's type, a number of REG_*.</param>
    /// <param name="data">Its bytes.</param>
    void SetValue(string hive, string key, string value, int type, byte[] data);

    /// <summary>The full path of a folder of the Windows volume.</summary>
    /// <param name="folder">Its path on the volume.</param>
    string PathOf(string folder);

    /// <summary>Sets an adapter's addresses.</summary>
    /// <param name="address">The addresses.</param>
    void SetAddress(StaticAddress address);
}
