using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>Takes an LSA secret from one Windows to another: both states sealed anew, times and security as they were.</summary>
internal static class LsaSecretTransfer
{
    /// <summary>The secret of the machine's account in its domain.</summary>
    public const string MachineAccount = "$MACHINE.ACC";

    /// <summary>Its twin under Machine Identity Isolation: sealed to the secure kernel of the very machine, of no use on another disk.</summary>
    public const string IsolatedMachineAccount = "$MACHINE.ACC.IUM";

    private const int MaxDepth = 4; // a secret's key holds five keys and they hold values; anything deeper is no secret of Windows

    private static readonly string[] SealedKeys = [nameof(LsaSecretPart.CurrVal), nameof(LsaSecretPart.OldVal)];

    /// <summary>Whether a disk holds the secret in a form that can be carried.</summary>
    /// <param name="old">The old disk's secrets.</param>
    /// <param name="name">The secret's name.</param>
    /// <returns><see langword="false"/> when the disk has no such secret at all.</returns>
    /// <exception cref="IdentityException"><see cref="IdentityFailure.MachineSecretIsolated"/>: only the isolated twin is there.</exception>
    public static bool IsPresent(GuestSecrets old, string name)
    {
        if (old.FindKey(name) is not null)
        {
            return true;
        }

        return name == MachineAccount && old.FindKey(IsolatedMachineAccount) is not null
            ? throw new IdentityException(
                IdentityFailure.MachineSecretIsolated,
                old.Subject,
                "the machine's secret exists only under Machine Identity Isolation and cannot leave this disk. Turn the policy off and start "
                    + "the machine once before the swap, or join the new disk with an offline domain join (djoin).",
                $"SECURITY, {GuestSecrets.SecretsKey}\\{IsolatedMachineAccount}")
            : false;
    }

    /// <summary>Seals a secret of the old disk for the new one.</summary>
    /// <param name="old">The old disk's secrets.</param>
    /// <param name="fresh">The new disk's, or its master's: a child has its master's keys.</param>
    /// <param name="name">The secret's name.</param>
    /// <param name="salt">Where salts come from.</param>
    /// <returns>The keys to write, each before those in it; none when the old disk has no such secret.</returns>
    /// <exception cref="IdentityException">A state of the secret does not open, or only the isolated twin is there.</exception>
    public static IReadOnlyList<CarriedKey> Rewrap(GuestSecrets old, GuestSecrets fresh, string name, SaltSource salt)
    {
        var keys = new List<CarriedKey>();
        if (IsPresent(old, name))
        {
            Add(old.FindKey(name)!, $"{GuestSecrets.SecretsKey}\\{name}", 0);
        }

        return keys;

        void Add(RegistryKey key, string path, int depth)
        {
            if (depth > MaxDepth)
            {
                throw new IdentityException(
                    IdentityFailure.SecretFormUnsupported, old.Subject, "it holds keys within keys, which no secret does.", $"SECURITY, {path}");
            }

            bool isSealed = depth == 1 && SealedKeys.Contains(key.Name, StringComparer.OrdinalIgnoreCase);
            var values = key.Values.Select(value => isSealed && value is { Name: "", Data.Length: > 0 } ? Rewrap(value, path) : value).ToList();
            keys.Add(new CarriedKey(path, key.ClassName, key.GetSecurityDescriptor(), values));
            foreach (RegistryKey subKey in key.SubKeys)
            {
                Add(subKey, $"{path}\\{subKey.Name}", depth + 1);
            }
        }

        RegistryValue Rewrap(RegistryValue value, string path)
        {
            using SecretBuffer secret = old.Read(value.Data, $"SECURITY, {path}");
            return value with { Data = fresh.Seal(value.Data, secret, salt, $"SECURITY, {path}") };
        }
    }
}
