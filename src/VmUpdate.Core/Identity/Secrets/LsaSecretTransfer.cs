using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>Takes an LSA secret from one Windows to another: both states are sealed anew, times and security stay as they were.</summary>
internal static class LsaSecretTransfer
{
    /// <summary>The secret of the machine's account in its domain.</summary>
    public const string MachineAccount = "$MACHINE.ACC";

    /// <summary>Its twin under Machine Identity Isolation: sealed to the secure kernel of the very machine, of no use on another disk.</summary>
    public const string IsolatedMachineAccount = "$MACHINE.ACC.IUM";

    private static readonly string[] SealedKeys = [nameof(LsaSecretPart.CurrVal), nameof(LsaSecretPart.OldVal)];

    /// <summary>The path of a secret's key in SECURITY.</summary>
    /// <param name="name">The secret's name.</param>
    /// <returns>The path.</returns>
    public static string KeyOf(string name) => $"{GuestSecrets.SecretsKey}\\{name}";

    /// <summary>Why a secret cannot be carried although the machine has one.</summary>
    /// <param name="security">The old disk's SECURITY hive.</param>
    /// <param name="name">The secret's name.</param>
    /// <returns>The reason with its remedy; <see langword="null"/> when nothing stands against it.</returns>
    public static string? FindObstacle(RegistryHive security, string name) =>
        name == MachineAccount && security.Find(KeyOf(name)) is null && security.Find(KeyOf(IsolatedMachineAccount)) is not null
            ? "The machine's secret exists only under Machine Identity Isolation and cannot leave its disk. Turn the policy off and start the "
                + "machine once before the swap, or join the new disk with an offline domain join (djoin)."
            : null;

    /// <summary>Seals what a value of a secret's key holds for another Windows; a value that holds nothing sealed stays as it is.</summary>
    /// <param name="old">The old disk's secrets.</param>
    /// <param name="fresh">The new disk's, or its master's: a child has its master's keys.</param>
    /// <param name="name">The secret's name.</param>
    /// <param name="key">The name of the key under the secret's own; empty for the secret's own.</param>
    /// <param name="value">A value of that key.</param>
    /// <param name="salt">Where salts come from.</param>
    /// <returns>The value as the new disk is to hold it.</returns>
    /// <exception cref="IdentityException">The old disk's own keys do not open it.</exception>
    public static RegistryValue Rewrap(
        GuestSecrets old, GuestSecrets fresh, string name, string key, RegistryValue value, SaltSource salt)
    {
        bool isSealed = SealedKeys.Contains(key, StringComparer.OrdinalIgnoreCase) && value.Name.Length == 0 && value.Data.Length > 0;
        if (!isSealed)
        {
            return value;
        }

        string place = $"SECURITY, {KeyOf(name)}\\{key}";
        using SecretBuffer secret = old.Read(value.Data, place);
        return value with { Data = fresh.Seal(value.Data, secret, salt, place) };
    }

    /// <summary>Opens both states of a secret, to know before anything is written that they can be carried.</summary>
    /// <param name="old">The old disk's secrets.</param>
    /// <param name="name">The secret's name.</param>
    /// <exception cref="IdentityException">A state is of a form that is not supported, or does not open.</exception>
    public static void RequireReadable(GuestSecrets old, string name)
    {
        old.Read(name, LsaSecretPart.CurrVal)?.Dispose();
        old.Read(name, LsaSecretPart.OldVal)?.Dispose();
    }
}
